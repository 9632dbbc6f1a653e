//! The story as a page of plain text.

use std::fmt::Write as _;

use super::story::Story;
use crate::output::thousands;

/// Tells the story.
pub(crate) fn page(story: &Story) -> String {
    let mut page = String::new();
    // Writing to a String does not fail.
    let _ = tell(&mut page, story);
    page
}

fn tell(page: &mut String, story: &Story) -> std::fmt::Result {
    let band = if story.synthetic { "SYNTHETIC DATA" } else { "REPORTED DATA, NOT VERIFIED" };
    writeln!(page, "ENTENTE: the first exchange                                        {band}")?;
    writeln!(page, "Five nodes on this machine, each with its own keys, store and port. Data: {}.\n", story.origin)?;

    writeln!(page, "1  The agreements, signed by both sides")?;
    for agreed in &story.agreements {
        writeln!(
            page,
            "   {:<18} {} ⇄ fusion, {} until {}",
            agreed.id,
            agreed.contributor,
            agreed.state,
            day(&agreed.valid_to)
        )?;
    }
    if let Some(first) = story.agreements.first() {
        writeln!(page, "   One of its clauses in plain words, generated from what is enforced:")?;
        for sentence in first.sentences.iter().skip(1).take(1) {
            wrapped(page, sentence, "     ")?;
        }
    }

    writeln!(page, "\n2  What each party contributed to its own node")?;
    writeln!(page, "   {:<14}{:>8}{:>9}{:>9}{:>12}{:>11}", "party", "rows", "new", "merged", "quarantine", "rejected")?;
    for one in &story.contributed {
        let quarantined: u64 = one.rows.quarantined.values().chain(one.notes.quarantined.values()).sum();
        writeln!(
            page,
            "   {:<14}{:>8}{:>9}{:>9}{:>12}{:>11}",
            one.party,
            thousands(one.rows.read + one.notes.read),
            thousands(one.rows.accepted + one.notes.accepted),
            thousands(one.rows.merged + one.notes.merged),
            thousands(quarantined),
            thousands(one.rows.rejected + one.notes.rejected),
        )?;
    }

    writeln!(page, "\n3  What crossed, and what was withheld for which reason (known to the releasing side only)")?;
    for crossing in &story.crossed {
        let withheld: u64 = crossing.withheld.values().sum();
        writeln!(
            page,
            "   {:<30} released {:>7}   withheld {:>7}",
            format!("{} → {}", crossing.from, crossing.to),
            thousands(crossing.released),
            thousands(withheld)
        )?;
        let mut reasons: Vec<_> = crossing.withheld.iter().collect();
        reasons.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
        let words: Vec<String> = reasons.iter().map(|(reason, n)| format!("{} {reason}", thousands(**n))).collect();
        if !words.is_empty() {
            wrapped(page, &words.join(" · "), "       ")?;
        }
    }

    writeln!(page, "\n4  What the hub now knows")?;
    writeln!(
        page,
        "   {} observables, {} of them from several parties; {} revisions stored",
        thousands(story.hub.observables),
        thousands(story.hub.corroborated),
        thousands(story.hub.revisions)
    )?;
    writeln!(
        page,
        "   {:<9}{:>12}{:>12}{:>15}{:>15}",
        "country", "C2 servers", "phishing", "compromised*", "government*"
    )?;
    for row in &story.countries {
        writeln!(
            page,
            "   {:<9}{:>12}{:>12}{:>15}{:>15}",
            row.country,
            thousands(row.c2),
            thousands(row.phishing),
            thousands(row.compromised),
            thousands(story.government.get(&row.country).copied().unwrap_or(0)),
        )?;
    }
    writeln!(
        page,
        "   {:<9}{:>12}{:>12}{:>15}{:>15}",
        "total",
        thousands(story.hub.c2),
        thousands(story.hub.phishing),
        thousands(story.hub.compromised),
        thousands(story.government.values().sum()),
    )?;
    writeln!(page, "   Country of registration of the address, not of the attacker.")?;
    let sample = story.pseudonym.as_deref().unwrap_or("victim-…");
    wrapped(
        page,
        &format!(
            "* as pseudonyms such as {sample}: the hub holds no victim's name. Each contributor's pseudonyms are its own, so a site \
             reported by two of them counts twice."
        ),
        "   ",
    )?;

    writeln!(page, "\n5  Give and take")?;
    for account in &story.account {
        let gave: u64 = account.gave.iter().map(|(_, n)| n).sum();
        let roles: Vec<String> = account.gave.iter().map(|(role, n)| format!("{} {role}", thousands(*n))).collect();
        writeln!(page, "   {:<14} gave {:>7} ({})", account.party, thousands(gave), roles.join(", "))?;
        writeln!(page, "   {:<14} took {:>7}", "", thousands(account.took))?;
    }

    writeln!(page, "\n6  Why, and why not (northtel's case notes)")?;
    for one in &story.explained {
        writeln!(page, "   {} {}", if one.sees { "yes" } else { "no " }, one.object)?;
        wrapped(page, &one.because, "       ")?;
        if let (false, Some(change)) = (one.sees, &one.changes_if) {
            wrapped(page, &format!("changes if: {change}"), "       ")?;
        }
    }

    writeln!(page, "\n7  Proof")?;
    let leaves: u64 = story.logs.iter().map(|(_, log)| log.leaves).sum();
    let problems: usize = story.logs.iter().map(|(_, log)| log.problems.len()).sum();
    writeln!(
        page,
        "   {} objects received, every receipt verified before admission",
        thousands(story.receipts_verified)
    )?;
    writeln!(page, "   {} receipts written out and verified again offline", thousands(story.receipts_rechecked))?;
    writeln!(page, "   {} logs recomputed from {} leaves, {} problems", story.logs.len(), thousands(leaves), problems)?;
    writeln!(page, "   done in {:.1} s", story.seconds)
}

fn day(instant: &str) -> &str {
    instant.get(..10).unwrap_or(instant)
}

/// Breaks a sentence at 100 columns.
fn wrapped(page: &mut String, text: &str, indent: &str) -> std::fmt::Result {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent.len() + line.chars().count() + 1 + word.chars().count() > 100 {
            writeln!(page, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(page, "{indent}{line}")
}
