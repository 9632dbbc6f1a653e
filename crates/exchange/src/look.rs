//! The values behind pages, tables and JSON. Staff sees what the node holds; a guest sees what a decision permits through the
//! console, in the form the obligations give it.

use entente_agreement::plain::{self, Language};
use entente_agreement::{Agreement, MarkingState, PartyId, Recipients, Releasers};
use entente_formats::Class;
use entente_ledger::leaf::Entry;
use entente_ledger::merkle;
use entente_observable::{Observable, defang};
use entente_stix::validate::{Context, Profile, validate};
use entente_stix::{Limits, Object, Timestamp};
use entente_store::Snapshot;
use entente_store::logs::LogRow;
use entente_store::manifest::{Head, ManifestRow, clause_key};
use entente_store::revisions::{Counter, RevisionRow};

use crate::admit::object_key;
use crate::agreements::secret_keys;
use crate::error::Result;
use crate::facts::{Admitted, country_of, country_word};
use crate::guest::Shown;
use crate::prepare::{is_told, observable_of};
use crate::release::released_ids;
use crate::state::{Held, KnownParty, State, word};
use crate::view::{
    AgreementLine, AgreementView, ClauseRow, CountryRow, FindingLine, HealthRow, Home, LeafLine, LedgerView, LogLine,
    LogView, ObjectLine, ObjectView, PartyOfAgreement, PartyView, ProvenanceRow, ReleaseLine, Totals, VictimLine,
};
use crate::{Exchange, Viewer};

const RELEASES_SHOWN: usize = 50;
const LEAVES_SHOWN: u64 = 100;

impl Exchange {
    /// The first screen.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn home(&self, viewer: &Viewer) -> Result<Home> {
        let state = self.state()?;
        let exchange = self.health(&state, viewer)?;
        let staff = *viewer == Viewer::Staff;
        let (totals, countries) = if staff { self.store().read(totals)? } else { (Totals::default(), Vec::new()) };
        Ok(Home {
            party_name: self.node().name.clone(),
            totals,
            countries,
            exchange,
            recent: self.recent(&state, viewer, 20)?,
        })
    }

    /// The newest objects the viewer may see.
    pub(crate) fn recent(&self, state: &State, viewer: &Viewer, limit: usize) -> Result<Vec<ObjectLine>> {
        let rows =
            self.store().read(|s| s.newest_revisions(if *viewer == Viewer::Staff { limit } else { limit * 10 }))?;
        let mut lines = Vec::new();
        let mut shown = Shown::default();
        for row in rows {
            if let Some((line, _)) = self.shown(state, &row, viewer, &mut shown)? {
                lines.push(line);
            }
            if lines.len() >= limit {
                break;
            }
        }
        self.noted(state, viewer, shown)?;
        Ok(lines)
    }

    /// A revision as the viewer may see it: the line, and the object's bytes. What a guest is shown is noted in `shown`.
    pub(crate) fn shown(
        &self,
        state: &State,
        row: &RevisionRow,
        viewer: &Viewer,
        shown: &mut Shown,
    ) -> Result<Option<(ObjectLine, Vec<u8>)>> {
        let admitted = Admitted::decode(&row.facts)?;
        let Viewer::Party(party) = viewer else { return Ok(Some((line(state, row, &admitted), row.body.clone()))) };
        let Some(bytes) = self.for_guest(state, party, row, &admitted, shown)? else { return Ok(None) };
        let Ok(object) = Object::parse(&bytes, &Limits::offline()) else { return Ok(None) };
        let value = pattern_value(&object);
        let label =
            |prefix: &str| object.labels().iter().find_map(|label| label.strip_prefix(prefix).map(str::to_owned));
        let line = ObjectLine {
            id: object.id().to_owned(),
            object_type: object.object_type().to_owned(),
            shown: value.as_ref().map(defang),
            value: value.map(|value| value.value),
            role: label("role:").unwrap_or_default(),
            country: label("country:").unwrap_or_default(),
            tlp: released_tlp(&object, &admitted).name().to_owned(),
            confidence: object.confidence().unwrap_or(0),
            origin: self.own().to_string(),
            // The day is what `coarsen-time` leaves at most.
            added: Timestamp::from_micros(row.added_us).floor_to(86_400_000_000).to_string(),
        };
        Ok(Some((line, bytes)))
    }

    /// Notes in the ledger what a page shows to a guest; nothing for staff.
    pub(crate) fn noted(&self, state: &State, viewer: &Viewer, shown: Shown) -> Result<()> {
        match viewer {
            Viewer::Staff => Ok(()),
            Viewer::Party(party) => self.record_shown(state, party, shown),
        }
    }

    fn health(&self, state: &State, viewer: &Viewer) -> Result<Vec<HealthRow>> {
        let mut rows = Vec::new();
        for held in self.ruling(state) {
            for other in held.others(self.own()) {
                let Some(party) = state.party(other.as_str()) else { continue };
                if matches!(viewer, Viewer::Party(guest) if guest != other) {
                    continue;
                }
                rows.push(self.health_row(&held, party, *viewer == Viewer::Staff)?);
            }
        }
        Ok(rows)
    }

    fn health_row(&self, held: &Held, party: &KnownParty, staff: bool) -> Result<HealthRow> {
        self.store().read(|s| {
            let head = s.head(held.id(), party.no)?;
            let inbox = s.inbox(held.id(), party.no)?;
            let withheld_by_reason = match &head {
                Some(head) if staff => s.withheld_by_reason(head.no)?.into_iter().map(|(r, n)| (r, count(n))).collect(),
                _ => Vec::new(),
            };
            let last = inbox.last_us.max(head.as_ref().and_then(|head| head.delivered_us));
            Ok(HealthRow {
                party: party.id.to_string(),
                agreement: held.id().to_owned(),
                state: word(held.agreement.state(self.now())).to_owned(),
                released: head.as_ref().map_or(0, |head| count(head.next_seq - 1)),
                withheld: withheld_by_reason.iter().map(|(_, n): &(String, u64)| n).sum(),
                withheld_by_reason,
                received: count(inbox.objects),
                last_exchange: last.map(instant),
            })
        })
    }

    /// Everything about one object; `None` when it is unknown or not visible, which are the same.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn object(&self, id: &str, viewer: &Viewer) -> Result<Option<ObjectView>> {
        let state = self.state()?;
        let Some(row) = self.object_row(&state, id, viewer)? else { return Ok(None) };
        let mut shown = Shown::default();
        let Some((line, bytes)) = self.shown(&state, &row, viewer, &mut shown)? else { return Ok(None) };
        let staff = *viewer == Viewer::Staff;
        if !staff && line.id != id {
            // A companion, which has no page of its own: it was released with the object that `row` holds.
            return Ok(None);
        }
        self.noted(&state, viewer, shown)?;
        let admitted = Admitted::decode(&row.facts)?;
        let object = Object::parse(&bytes, &Limits::offline()).ok();
        let mut view = ObjectView {
            line,
            pap: admitted.pap.name().to_owned(),
            subject: admitted.subject.names().into_iter().map(str::to_owned).collect(),
            labels: object.as_ref().map(|object| object.labels().to_vec()).unwrap_or_default(),
            quarantine: row.quarantine.clone().filter(|_| staff),
            provenance: Vec::new(),
            visibility: Vec::new(),
            releases: Vec::new(),
            findings: object.filter(|_| staff).as_ref().map(findings).unwrap_or_default(),
            raw: String::from_utf8_lossy(&bytes).into_owned(),
        };
        if staff {
            view.provenance = self.provenance(&state, &row, &admitted)?;
            let question = self.question(&state, self.now())?;
            for held in self.ruling(&state) {
                for party in held.others(self.own()) {
                    view.visibility.push(self.visibility(&question, &held, party, &row, &admitted)?);
                    if let Some(known) = state.party(party.as_str()) {
                        view.releases.extend(self.releases_of(&state, &held, known, &row)?);
                    }
                }
            }
        }
        Ok(Some(view))
    }

    /// The revision behind an id: as held for staff, as released for a guest.
    pub(crate) fn object_row(&self, state: &State, id: &str, viewer: &Viewer) -> Result<Option<RevisionRow>> {
        match viewer {
            Viewer::Staff => self.latest(id),
            Viewer::Party(party) => {
                let Some(known) = state.party(party.as_str()) else { return Ok(None) };
                for held in state.between(self.own(), party, self.now()) {
                    let found = self.store().read(|s| -> Result<_> {
                        let Some(head) = s.head(held.id(), known.no)? else { return Ok(None) };
                        let rows = s.manifest_of(head.no, object_key(id))?;
                        match rows.into_iter().rfind(|row| row.id == id) {
                            Some(row) => Ok(s.revision(row.revision)?),
                            None => Ok(None),
                        }
                    })?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                Ok(None)
            }
        }
    }

    fn provenance(&self, state: &State, row: &RevisionRow, admitted: &Admitted) -> Result<Vec<ProvenanceRow>> {
        let agreement = |no: i64| state.version(no).map_or_else(String::new, |held| held.id().to_owned());
        let Some(observable) = row.observable else {
            return Ok(vec![ProvenanceRow {
                party: state.party_word(row.party),
                agreement: agreement(row.agreement),
                object: row.id.clone(),
                confidence: admitted.confidence,
                tlp: marking_word(admitted),
                first_seen: None,
                last_seen: None,
                times: 1,
                sources: Vec::new(),
                receipt: (row.party != 0).then_some(row.receipt.is_some()),
            }]);
        };
        self.store().read(|s| {
            let mut rows = Vec::new();
            for assertion in s.assertions_of(observable)? {
                let Some(revision) = s.revision(assertion.revision)? else { continue };
                rows.push(ProvenanceRow {
                    party: state.party_word(assertion.party),
                    agreement: agreement(revision.agreement),
                    object: revision.id,
                    confidence: u8::try_from(assertion.confidence).unwrap_or(0),
                    tlp: marking_word(&Admitted::decode(&revision.facts)?),
                    first_seen: assertion.first_us.map(instant),
                    last_seen: assertion.last_us.map(instant),
                    times: count(assertion.times),
                    sources: sources(&assertion.detail),
                    receipt: (assertion.party != 0).then_some(revision.receipt.is_some()),
                });
            }
            Ok(rows)
        })
    }

    /// The releases of one revision to one party.
    pub(crate) fn releases_of(
        &self,
        state: &State,
        held: &Held,
        party: &KnownParty,
        row: &RevisionRow,
    ) -> Result<Vec<ReleaseLine>> {
        let keys = secret_keys(self, held.id())?;
        self.store().read(|s| {
            let Some(head) = s.head(held.id(), party.no)? else { return Ok(Vec::new()) };
            let mut lines = Vec::new();
            for id in released_ids(&keys, &row.id, &party.id) {
                for release in
                    s.manifest_of(head.no, object_key(&id))?.iter().filter(|r| r.id == id && r.revision == row.no)
                {
                    lines.push(release_line(s, state, &head, release)?);
                }
            }
            Ok(lines)
        })
    }

    /// All agreements of this node; for a guest only those with its party.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn agreements(&self, viewer: &Viewer) -> Result<Vec<AgreementLine>> {
        let state = self.state()?;
        self.ruling(&state)
            .iter()
            .filter(|held| visible(held, viewer))
            .map(|held| self.agreement_line(&state, held, viewer))
            .collect()
    }

    fn agreement_line(&self, state: &State, held: &Held, viewer: &Viewer) -> Result<AgreementLine> {
        let terms = held.agreement.terms();
        let mut line = AgreementLine {
            id: held.id().to_owned(),
            version: terms.version.into(),
            title: terms.title.clone(),
            parties: terms.parties.iter().map(|party| party.id.to_string()).collect(),
            state: word(held.agreement.state(self.now())).to_owned(),
            valid_from: terms.valid_from.to_string(),
            valid_to: terms.valid_to.to_string(),
            hash: held.hash().to_sha256_text(),
            released: 0,
            withheld: 0,
            received: 0,
        };
        for row in self.health(state, viewer)?.into_iter().filter(|row| row.agreement == line.id) {
            line.released += row.released;
            line.withheld += row.withheld;
            line.received += row.received;
        }
        Ok(line)
    }

    /// One agreement, with its terms in plain words of this language.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn agreement(&self, id: &str, viewer: &Viewer, language: Language) -> Result<Option<AgreementView>> {
        let state = self.state()?;
        let Some(held) = state.current(id, self.now()).filter(|held| held.names(self.own()) && visible(held, viewer))
        else {
            return Ok(None);
        };
        let terms = held.agreement.terms();
        let heads = self.heads_of(&state, held, viewer)?;
        let released_by_clause = self.store().read(|s| s.counters(Counter::Released))?;
        let clauses = (0_i64..)
            .zip(&terms.clauses)
            .map(|(index, clause)| ClauseRow {
                id: clause.id.to_string(),
                from: from_word(&clause.from),
                to: to_words(&clause.to),
                purpose: words(clause.purposes.names()),
                types: words(clause.types.names()),
                tlp_max: clause.tlp_max.name().to_owned(),
                confidence_min: clause.confidence_min,
                max_age_days: clause.max_age_days,
                obligations: clause.obligations.names(),
                released: released_by_clause
                    .iter()
                    .filter(|(head, key, _)| heads.iter().any(|h| h.no == *head) && *key == clause_key(held.no, index))
                    .map(|(_, _, n)| count(*n))
                    .sum(),
            })
            .collect();
        let withheld_by_reason = match viewer {
            Viewer::Staff => self.store().read(|s| -> Result<_> {
                let mut all = Vec::new();
                for head in &heads {
                    all.extend(s.withheld_by_reason(head.no)?.into_iter().map(|(reason, n)| (reason, count(n))));
                }
                Ok(all)
            })?,
            Viewer::Party(_) => Vec::new(),
        };
        let releases = self.store().read(|s| -> Result<Vec<ReleaseLine>> {
            let mut lines = Vec::new();
            for head in &heads {
                for row in s.newest_releases(head.no, RELEASES_SHOWN)? {
                    lines.push(release_line(s, &state, head, &row)?);
                }
            }
            lines.sort_by(|a, b| b.added.cmp(&a.added));
            lines.truncate(RELEASES_SHOWN);
            if *viewer != Viewer::Staff {
                lines.iter_mut().for_each(|line| line.original.clear());
            }
            Ok(lines)
        })?;
        Ok(Some(AgreementView {
            line: self.agreement_line(&state, held, viewer)?,
            sentences: plain::sentences(terms, language),
            parties: parties_of(&held.agreement),
            clauses,
            suspended_by: held.agreement.suspended_by().into_iter().map(ToString::to_string).collect(),
            withheld_by_reason,
            releases,
            note: held.note.clone(),
        }))
    }

    fn heads_of(&self, state: &State, held: &Held, viewer: &Viewer) -> Result<Vec<Head>> {
        let mut heads = Vec::new();
        for party in held.others(self.own()) {
            if matches!(viewer, Viewer::Party(guest) if guest != party) {
                continue;
            }
            if let Some(known) = state.party(party.as_str()) {
                heads.extend(self.store().read(|s| s.head(held.id(), known.no))?);
            }
        }
        Ok(heads)
    }

    /// Rows of the manifests, newest first: all, or those of one agreement.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn releases(&self, agreement: Option<&str>, limit: usize) -> Result<Vec<ReleaseLine>> {
        let state = self.state()?;
        self.store().read(|s| {
            let mut lines = Vec::new();
            for head in s.heads()?.iter().filter(|head| agreement.is_none_or(|wanted| head.agreement == wanted)) {
                for row in s.newest_releases(head.no, limit)? {
                    lines.push(release_line(s, &state, head, &row)?);
                }
            }
            lines.sort_by(|a: &ReleaseLine, b| b.added.cmp(&a.added));
            lines.truncate(limit);
            Ok(lines)
        })
    }

    /// The logs of this node that the viewer may read.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn ledger(&self, viewer: &Viewer) -> Result<LedgerView> {
        let state = self.state()?;
        let logs = self.store().read(|s| s.logs())?;
        let readable =
            |log: &&LogRow| state.current(&log.agreement, self.now()).is_some_and(|held| visible(held, viewer));
        Ok(LedgerView { logs: logs.iter().filter(readable).map(|log| self.log_line(log)).collect::<Result<_>>()? })
    }

    fn log_line(&self, log: &LogRow) -> Result<LogLine> {
        let root =
            entente_ledger::merkle::Edge::from_bytes(&log.edge).map_or_else(merkle::empty_root, |edge| edge.root());
        Ok(LogLine {
            agreement: log.agreement.clone(),
            origin: log.origin.clone(),
            size: count(log.size),
            root: root.to_string(),
            vkey: self.log_key_of(log)?.to_string(),
            checkpoint: log.checkpoint.clone(),
        })
    }

    /// One page of a log's leaves, newest first.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn log(&self, agreement: &str, before: Option<u64>, viewer: &Viewer) -> Result<Option<LogView>> {
        let state = self.state()?;
        if !state.current(agreement, self.now()).is_some_and(|held| visible(held, viewer)) {
            return Ok(None);
        }
        let Some(log) = self.store().read(|s| s.log(agreement))? else { return Ok(None) };
        let end = before.unwrap_or(u64::MAX).min(count(log.size));
        let start = end.saturating_sub(LEAVES_SHOWN);
        let limit = usize::try_from(end - start).unwrap_or(0);
        let rows = self.store().read(|s| s.leaves(log.no, i64::try_from(start).unwrap_or(i64::MAX), limit))?;
        let mut leaves: Vec<LeafLine> = rows.iter().map(|(index, entry)| leaf_line(*index, entry)).collect();
        leaves.reverse();
        Ok(Some(LogView { log: self.log_line(&log)?, leaves, before: (start > 0).then_some(start) }))
    }

    /// The other parties the viewer may know of: all for staff, itself for a guest.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn parties(&self, viewer: &Viewer) -> Result<Vec<PartyView>> {
        let state = self.state()?;
        let health = self.health(&state, viewer)?;
        let given = self.store().read(|s| s.counters(Counter::Given))?;
        Ok(state
            .parties
            .iter()
            .filter(|party| party.no != 0)
            .filter(|party| !matches!(viewer, Viewer::Party(guest) if *guest != party.id))
            .map(|party| {
                let exchange: Vec<HealthRow> =
                    health.iter().filter(|row| row.party == party.id.as_str()).cloned().collect();
                PartyView {
                    id: party.id.to_string(),
                    name: party.card.name.clone(),
                    role: party.card.role.clone(),
                    country: party.card.country.clone(),
                    url: party.link.as_ref().map(|link| link.url.clone()),
                    vkey: party.card.vkey.clone(),
                    took: exchange.iter().map(|row| row.released).sum(),
                    exchange,
                    gave: given
                        .iter()
                        .filter(|(no, _, n)| *no == party.no && *n > 0)
                        .map(|(_, role, n)| (role_word(*role), count(*n)))
                        .collect(),
                }
            })
            .collect())
    }

    /// One other party.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn party(&self, id: &str, viewer: &Viewer) -> Result<Option<PartyView>> {
        Ok(self.parties(viewer)?.into_iter().find(|party| party.id == id))
    }

    /// Victims as this node knows them: by name where it may, else by pseudonym.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn victims(&self) -> Result<Vec<VictimLine>> {
        self.store().read(|s| {
            let mut lines = Vec::new();
            for no in s.victim_revisions()? {
                let Some(row) = s.revision(no)? else { continue };
                let Ok(object) = Object::parse(&row.body, &Limits::offline()) else { continue };
                lines.push(VictimLine {
                    // The last report of a victim's host may be about the host, not about the victim.
                    name: pattern_value(&object)
                        .map(|value| value.value)
                        .or_else(|| object.text("name"))
                        .unwrap_or_default(),
                    labels: object.labels().to_vec(),
                });
            }
            Ok(lines)
        })
    }

    /// What the node itself asserts, by role.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn own_contributions(&self) -> Result<Vec<(String, u64)>> {
        let given = self.store().read(|s| s.counters(Counter::Given))?;
        Ok(given
            .into_iter()
            .filter(|(no, _, n)| *no == 0 && *n > 0)
            .map(|(_, role, n)| (role_word(role), count(n)))
            .collect())
    }
}

fn totals(s: &Snapshot<'_>) -> Result<(Totals, Vec<CountryRow>)> {
    let mut totals = Totals {
        observables: count(s.counter(Counter::Observables, 0, 0)?),
        corroborated: count(s.counter(Counter::Corroborated, 0, 0)?),
        ..Totals::default()
    };
    for (party, _, n) in s.counters(Counter::Revisions)? {
        totals.revisions += count(n);
        if party != 0 {
            totals.received += count(n);
        }
    }
    for (_, _, n) in s.counters(Counter::Quarantined)? {
        totals.quarantined += count(n);
    }
    for head in s.heads()? {
        totals.released += count(head.next_seq - 1);
        totals.withheld += s.withheld_by_reason(head.no)?.iter().map(|(_, n)| count(*n)).sum::<u64>();
    }
    let mut countries: Vec<CountryRow> = Vec::new();
    for (country, role, n) in s.counters(Counter::Targets)? {
        let n = count(n);
        let code = country_word(country_of(country));
        let at = match countries.iter().position(|row| row.country == code) {
            Some(at) => at,
            None => {
                countries.push(CountryRow { country: code, c2: 0, phishing: 0, compromised: 0 });
                countries.len() - 1
            }
        };
        let Some(row) = countries.get_mut(at) else { continue };
        match role_of(role) {
            Class::C2 => {
                row.c2 += n;
                totals.c2 += n;
            }
            Class::Phishing => {
                row.phishing += n;
                totals.phishing += n;
            }
            Class::Compromised => {
                row.compromised += n;
                totals.compromised += n;
            }
            _ => {}
        }
    }
    countries.retain(|row| row.c2 + row.phishing + row.compromised > 0);
    countries.sort_by(|a, b| {
        (b.c2, b.phishing, b.compromised, &a.country).cmp(&(a.c2, a.phishing, a.compromised, &b.country))
    });
    Ok((totals, countries))
}

fn visible(held: &Held, viewer: &Viewer) -> bool {
    match viewer {
        Viewer::Staff => true,
        Viewer::Party(party) => held.names(party),
    }
}

fn line(state: &State, row: &RevisionRow, admitted: &Admitted) -> ObjectLine {
    let object = Object::parse(&row.body, &Limits::offline()).ok();
    let value = object.as_ref().and_then(pattern_value);
    let name = || object.as_ref().and_then(|object| object.text("name"));
    ObjectLine {
        id: row.id.clone(),
        object_type: entente_stix::id::split(&row.id)
            .map_or_else(String::new, |(object_type, _)| object_type.to_owned()),
        shown: value.as_ref().map(defang).or_else(name),
        value: value.map(|value| value.value).or_else(name),
        role: admitted.role.name().to_owned(),
        country: admitted.country.map_or_else(String::new, |country| country_word(Some(country))),
        tlp: marking_word(admitted),
        confidence: admitted.confidence,
        origin: state.party_word(row.party),
        added: instant(row.added_us),
    }
}

/// The marking of a revision as pages show it.
fn marking_word(admitted: &Admitted) -> String {
    match admitted.marking {
        MarkingState::Marked => admitted.tlp.name().to_owned(),
        MarkingState::Unmarked => "unmarked".to_owned(),
        MarkingState::Unresolved => "unknown marking".to_owned(),
    }
}

/// What an object breaks of STIX 2.1, as far as it [`is_told`]. Computed from the bytes, so that nothing about it is stored.
fn findings(object: &Object) -> Vec<FindingLine> {
    let context = Context { patterns: Some(&entente_pattern::check_indicator), ..Context::default() };
    let mut found = Vec::new();
    validate(object, Profile::Standard, &context, &mut |finding| {
        if is_told(finding.code()) {
            found.push(FindingLine {
                code: finding.code().to_string(),
                severity: finding.severity().name().to_owned(),
                path: finding.path().to_string(),
                message: finding.message().to_string(),
                spec: finding.spec().to_string(),
            });
        }
    });
    found
}

/// The value an object is about: the one equality of its pattern, or its own value.
pub(crate) fn pattern_value(object: &Object) -> Option<Observable> {
    if let Some(text) = object.text("pattern") {
        let keys = entente_pattern::parse(&text).ok()?.equalities()?;
        let key = keys.first()?;
        return observable_of(&key.object_type, &key.property, &key.value);
    }
    observable_of(object.object_type(), "value", &object.text("value")?)
}

fn released_tlp(object: &Object, admitted: &Admitted) -> entente_stix::marking::Tlp {
    let marked =
        object.object_marking_refs().iter().filter_map(|id| entente_stix::marking::Tlp::from_marking_id(id)).max();
    marked.unwrap_or(admitted.tlp)
}

fn release_line(s: &Snapshot<'_>, state: &State, head: &Head, row: &ManifestRow) -> Result<ReleaseLine> {
    let clause = state.version(row.agreement).and_then(|held| {
        held.agreement.terms().clauses.get(usize::try_from(row.clause).ok()?).map(|clause| clause.id.to_string())
    });
    Ok(ReleaseLine {
        agreement: head.agreement.clone(),
        recipient: state.party_word(head.recipient),
        seq: count(row.seq),
        added: Timestamp::from_micros(row.added_us).to_micros_string(),
        object: row.id.clone(),
        version: Timestamp::from_micros(if row.version_us == 0 { row.added_us } else { row.version_us })
            .to_micros_string(),
        original: s.revision(row.revision)?.map(|revision| revision.id).unwrap_or_default(),
        object_type: entente_stix::id::split(&row.id)
            .map_or_else(String::new, |(object_type, _)| object_type.to_owned()),
        clause: clause.unwrap_or_default(),
        leaf: count(row.leaf),
    })
}

fn leaf_line(index: i64, entry: &[u8]) -> LeafLine {
    let parsed = Entry::parse(entry).ok();
    LeafLine {
        index: count(index),
        time: parsed.as_ref().map_or_else(String::new, |entry| entry.time.to_string()),
        kind: parsed.as_ref().map_or("unreadable", |entry| entry.leaf.kind()).to_owned(),
        entry: String::from_utf8_lossy(entry).into_owned(),
        hash: merkle::leaf_hash(entry).to_string(),
    }
}

fn parties_of(agreement: &Agreement) -> Vec<PartyOfAgreement> {
    let unsigned: Vec<&PartyId> = agreement.unsigned().map(|party| &party.id).collect();
    let terms = agreement.terms();
    terms
        .parties
        .iter()
        .map(|party| PartyOfAgreement {
            id: party.id.to_string(),
            name: party.name.clone(),
            role: party.role.name().to_owned(),
            country: party.country.clone(),
            signed: !unsigned.contains(&&party.id),
        })
        .collect()
}

fn sources(detail: &str) -> Vec<String> {
    let parsed: Option<serde_json::Value> = serde_json::from_str(detail).ok();
    let list = parsed.as_ref().and_then(|detail| detail.get("sources")).and_then(|sources| sources.as_array().cloned());
    list.unwrap_or_default().iter().filter_map(|source| source.as_str().map(str::to_owned)).collect()
}

fn from_word(from: &Releasers) -> String {
    match from {
        Releasers::All => "all".to_owned(),
        Releasers::Party(party) => party.to_string(),
    }
}

fn to_words(to: &Recipients) -> Vec<String> {
    match to {
        Recipients::All => vec!["all".to_owned()],
        Recipients::Parties(parties) => parties.iter().map(ToString::to_string).collect(),
    }
}

fn words(names: Vec<&'static str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

pub(crate) fn role_of(no: i64) -> Class {
    usize::try_from(no).ok().and_then(|at| Class::ALL.get(at)).copied().unwrap_or(Class::Other)
}

fn role_word(no: i64) -> String {
    role_of(no).name().to_owned()
}

pub(crate) fn instant(us: i64) -> String {
    Timestamp::from_micros(us).to_millis_string()
}

/// A count from the store, which never holds a negative one.
fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
