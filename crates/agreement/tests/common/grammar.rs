//! Texts, states and requests from a grammar: seeded, deterministic, and close to every threshold.
//!
//! A text is written clause by clause; what the format refuses beside the clauses before it is left out. A request starts as one
//! that a clause permits and is then moved to a threshold, one past it, or anywhere, in a few attributes.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "for tests, which may stop"
)]

use std::sync::LazyLock;

use entente_agreement::{
    Agreement, Clause, Door, DoorSet, Facts, MarkingState, Notice, ObjectType, Origin, PartyId, Purpose, PurposeSet,
    Recipients, Releasers, Request, Subject, SubjectSet, Terms, Verb, sign,
};
use entente_ledger::note::SigningKey;
use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};
use sha2::{Digest, Sha256};

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;
const NAMES: [&str; 6] = ["alpha", "bravo", "charlie", "delta", "echo-1", "foxtrot"];
const ROLES: [&str; 6] = ["private", "police", "cert", "regulator", "isac", "other"];

/// Splitmix64: small, seeded, the same on every machine.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts a sequence; a stream of the same seed is another sequence.
    pub fn new(seed: u64, stream: u64) -> Rng {
        let mut rng = Rng(seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03));
        rng.word();
        rng
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `bound`, which is above 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    /// Says yes in so many of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a list, which is not empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(u64::try_from(list.len()).unwrap())).unwrap()]
    }

    /// Some of a list: each with that chance, at least one.
    pub fn some<T: Copy>(&mut self, list: &[T], percent: u64) -> Vec<T> {
        let mut found: Vec<T> = list.iter().copied().filter(|_| self.chance(percent)).collect();
        if found.is_empty() {
            found.push(self.pick(list));
        }
        found
    }
}

/// The key of a party, from a seed that stands here: for tests only.
pub fn key(party: usize) -> &'static SigningKey {
    static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
        let key = |name: &&str| {
            let seed: [u8; 32] = Sha256::digest(format!("entente grammar: {name}").as_bytes()).into();
            SigningKey::from_seed(&format!("{name}.example/agreements"), &seed).unwrap()
        };
        NAMES.iter().map(key).collect()
    });
    &KEYS[party]
}

/// The parties that texts are made of; the last ones seldom belong to one.
pub fn party(at: usize) -> PartyId {
    PartyId::parse(NAMES[at]).unwrap()
}

fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

/// What a text is to look like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub number: u64,
    /// Its version.
    pub version: u32,
    /// Number of parties, 2 to 5.
    pub parties: usize,
    /// Clauses to try.
    pub clauses: usize,
    /// First second of its validity.
    pub valid_from: i64,
    /// Days of its validity.
    pub days: i64,
}

impl Shape {
    /// Chooses one.
    pub fn of(rng: &mut Rng, number: u64) -> Shape {
        Shape {
            number,
            version: 1,
            parties: usize::try_from(2 + rng.below(3)).unwrap(),
            clauses: usize::try_from(1 + rng.below(10)).unwrap(),
            valid_from: 1_796_083_200 + i64::try_from(rng.below(40)).unwrap() * 43_200,
            days: 60 + i64::try_from(rng.below(300)).unwrap(),
        }
    }
}

/// Obligations that clauses of one text share, and whether its text may leave. Overlapping clauses must agree on them.
#[derive(Clone, Debug)]
struct Duties {
    list: Vec<String>,
    text: bool,
    redacts: bool,
    buckets: bool,
    remark: usize,
}

impl Duties {
    fn of(rng: &mut Rng) -> Duties {
        let text = rng.chance(35);
        let redacts = rng.chance(60);
        let buckets = rng.chance(25);
        let remark = usize::try_from(rng.below(4)).unwrap();
        let mut list = vec![format!("retain:{}d", 1 + rng.below(3650))];
        let mut add = |present: bool, item: String| {
            if present {
                list.push(item);
            }
        };
        add(redacts, format!("redact-victim:{}", rng.pick(&["drop", "prefix", "hmac"])));
        add(buckets, "reduce-confidence-bucket".to_owned());
        add(remark > 0, format!("remark:tlp={}", Tlp::ALL[remark].key()));
        add(rng.chance(40), "strip-source".to_owned());
        add(rng.chance(40), format!("coarsen-time:{}", rng.pick(&["1h", "1d"])));
        add(rng.chance(40), format!("attribution:{}", rng.pick(&["may", "must", "must-not"])));
        add(rng.chance(20), "coarsen-location:country".to_owned());
        add(rng.chance(20), "drop-property:lang".to_owned());
        add(rng.chance(20), "watermark".to_owned());
        add(!text && rng.chance(50), "strip-free-text".to_owned());
        let by = usize::try_from(rng.below(u64::try_from(list.len()).unwrap())).unwrap();
        list.rotate_left(by);
        Duties { list, text, redacts, buckets, remark }
    }
}

fn clause(rng: &mut Rng, at: usize, parties: usize, pool: &[Duties]) -> String {
    let duties = &pool[usize::try_from(rng.below(u64::try_from(pool.len()).unwrap())).unwrap()];
    let from = usize::try_from(rng.below(u64::try_from(parties).unwrap())).unwrap();
    let from_all = rng.chance(20);
    let others: Vec<&str> = (0..parties).filter(|other| *other != from).map(|other| NAMES[other]).collect();
    let to = if rng.chance(30) { vec!["all"] } else { rng.some(&others, 50) };
    let purposes: Vec<&str> = rng.some(Purpose::ALL, 45).into_iter().map(Purpose::name).collect();
    let released: Vec<ObjectType> = ObjectType::ALL
        .iter()
        .copied()
        .filter(|known| !matches!(known, ObjectType::Other | ObjectType::Aggregate))
        .collect();
    let wide = if rng.chance(60) { 70 } else { 12 };
    let mut types: Vec<&str> = rng.some(&released, wide).into_iter().map(ObjectType::name).collect();
    let all_kinds: Vec<Option<Kind>> = Kind::ALL.into_iter().map(Some).chain([None]).collect();
    let kinds: Vec<&str> = rng.some(&all_kinds, wide).into_iter().map(|kind| kind.map_or("none", Kind::name)).collect();
    let subjects = rng.some(Subject::ALL, 50);
    let mut purpose = purposes;
    let mut more = String::new();
    let mut constituency = rng.chance(15);
    if subjects.contains(&Subject::Victim) && !duties.redacts {
        (purpose, constituency) = (vec!["victim-notification"], true);
    }
    let mut doors: Vec<&str> = rng.some(Door::ALL, 45).into_iter().map(Door::name).collect();
    match rng.below(20) {
        0 => {
            more.push_str("private_lookup = true\n");
            doors.push("private-lookup");
        }
        1 => {
            more.push_str("aggregates = true\nk_min = 5\n");
            types.push("aggregate");
        }
        2 => types.push("aggregate"),
        _ => {}
    }
    doors.sort_unstable();
    doors.dedup();
    if constituency {
        more.push_str("constituency_only = true\n");
    }
    if rng.chance(25) {
        more.push_str("warninglisted = true\n");
    }
    if rng.chance(15) {
        more.push_str("existence_answer = true\n");
    }
    let tlp_max = usize::try_from(rng.below(4)).unwrap().max(duties.remark);
    let confidence = if duties.buckets { rng.pick(&[0, 1, 30, 70]) } else { rng.pick(&[0, 0, 1, 30, 50, 99, 100]) };
    let origins: Vec<&str> = rng
        .some(&[Origin::Own, Origin::Public, Origin::Community, Origin::Consented], 55)
        .into_iter()
        .map(Origin::name)
        .collect();
    let subject: Vec<&str> = subjects.into_iter().map(Subject::name).collect();
    let obligations: Vec<&str> = duties.list.iter().map(String::as_str).collect();
    format!(
        "[[clause]]\nid = \"c-{at}\"\nfrom = \"{}\"\nto = {}\npurpose = {}\ntypes = {}\nkinds = {}\ntlp_max = \"{}\"\npap_max = \"{}\"\n\
         confidence_min = {confidence}\nmax_age_days = {}\norigin = {}\nsubject = {}\ndoors = {}\ntext = {}\n{more}obligations = {}\n\n",
        if from_all { "all" } else { NAMES[from] },
        list(&to),
        list(&purpose),
        list(&types),
        list(&kinds),
        Tlp::ALL[tlp_max].key(),
        Pap::ALL[usize::try_from(rng.below(4)).unwrap()].key(),
        rng.pick(&[0, 1, 14, 30, 90, 365, 65_534, 65_535]),
        list(&origins),
        list(&subject),
        list(&doors),
        duties.text,
        list(&obligations),
    )
}

/// A clause beside an earlier one that obliges to something else, and that meets it only where no object can be: at URLs whose
/// kind is a domain name. The format accepts it; floor F13 guards what cannot be.
fn rival(earlier: &str, fresh: &str) -> String {
    let line = |text: &str, key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    let mut text = earlier.to_owned();
    for key in ["id = ", "text = ", "obligations = "] {
        text = text.replace(&line(&text, key), &line(fresh, key));
    }
    text = text.replace(&line(&text, "types = "), "types = [\"url\", \"x509-certificate\"]");
    text.replace(&line(&text, "kinds = "), "kinds = [\"domain-name\", \"x509-certificate\"]")
}

fn head(rng: &mut Rng, shape: Shape, supersedes: Option<&str>) -> String {
    let instant = |seconds: i64| {
        let text = Timestamp::from_unix_seconds(seconds).to_string();
        text.split('.').next().unwrap().trim_end_matches('Z').to_owned() + "Z"
    };
    let (from, to) = (shape.valid_from, shape.valid_from + shape.days * 86_400);
    let kind = if shape.parties == 2 { "bilateral" } else { "multilateral" };
    let mut text = format!(
        "format = \"entente/agreement@1\"\nid = \"agr-{}\"\nversion = {}\n{}kind = \"{kind}\"\ntitle = \"Grammar\"\nlanguage = \"en\"\n\
         valid_from = {}\nvalid_to = {}\nreview_by = {}\n\n[instrument]\nreference = \"Paper\"\nsha256 = \"{}\"\n\n[defaults]\n\
         unmarked = \"deny\"\nunknown_marking = \"deny\"\nunknown_type = \"deny\"\n\n",
        shape.number,
        shape.version,
        supersedes.map(|hash| format!("supersedes = \"{hash}\"\n")).unwrap_or_default(),
        instant(from),
        instant(to),
        instant(from),
        "0".repeat(64),
    );
    for (at, name) in NAMES.iter().enumerate().take(shape.parties) {
        let role = rng.pick(&ROLES);
        text.push_str(&format!(
            "[[party]]\nid = \"{name}\"\nname = \"{name}\"\nrole = \"{role}\"\ncountry = \"XN\"\nvkey = \"{}\"\nlegal_basis = [\"gdpr-6-1-f\"]\n\
             contact_operations = \"o@{name}.example\"\ncontact_privacy = \"p@{name}.example\"\n\
             contact_dispute = \"d@{name}.example\"\ncontact_breach = \"b@{name}.example\"\n\n",
            key(at).verifier(),
        ));
    }
    text
}

fn tail(rng: &mut Rng) -> String {
    let community = rng.some(&["role:police", "role:cert", "role:private", "party:charlie", "party:foxtrot"], 30);
    format!(
        "[onward]\nrule = \"{}\"\ncommunity = {}\n\n[recall]\nack_hours = 24\ncomplete_hours = 72\nonward = true\n\n[security]\n\
         tls_min = \"1.3\"\nmutual_tls = true\nencrypt_at_rest = true\nbreach_notice_hours = 24\n\n[audit]\nparties_may_audit = true\n\
         notice_days = 14\nkeep_years = 10\n\n[reciprocity]\nmode = \"inform\"\nperiod_days = 30\nshare = true\n\n[quota]\n\
         objects_per_day = 100000\nprivate_lookups_per_day = 100\noverlap_items_per_epoch = 0\n\n[disclosure]\nexistence = \"parties\"\n\
         withheld_counts = false\n\n[termination]\nnotice_days = 0\neffect = \"delete\"\ncertificate_days = 30\n",
        rng.pick(&["consent", "consent", "none"]),
        list(&community),
    )
}

/// Writes a text that the format accepts.
pub fn text(rng: &mut Rng, shape: Shape, supersedes: Option<&str>) -> String {
    let head = head(rng, shape, supersedes);
    let tail = tail(rng);
    let pool: Vec<Duties> = (0..1 + rng.below(3)).map(|_| Duties::of(rng)).collect();
    let mut clauses = String::new();
    let mut tries = 0;
    // One clause at least: an attempt alone is refused only where type and kind cannot occur together, so a few will do.
    while tries < shape.clauses || (clauses.is_empty() && tries < 1_000) {
        let mut more = clause(rng, tries, shape.parties, &pool);
        if rng.chance(15)
            && let Some(at) = clauses.rfind("[[clause]]")
        {
            more = rival(&clauses[at..], &more);
        }
        if Terms::parse(&format!("{head}{clauses}{more}{tail}")).is_ok() {
            clauses.push_str(&more);
        }
        tries += 1;
    }
    format!("{head}{clauses}{tail}")
}

/// Signs a text as the first so many of its parties.
pub fn sign_by(text: &str, parties: usize) -> Agreement {
    let note = (0..parties).fold(text.as_bytes().to_vec(), |note, at| sign::sign(&note, key(at)).unwrap());
    Agreement::open_partial(&note).unwrap()
}

/// What became of an agreement, kept beside it and computed without it.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Every party has signed.
    pub signed: bool,
    /// Parties that have suspended and not resumed.
    pub suspended: Vec<PartyId>,
    /// When a termination takes effect.
    pub terminated_at: Option<Timestamp>,
    /// When a later version replaces this one.
    pub superseded_at: Option<Timestamp>,
}

/// An agreement, and its status as the grammar knows it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The agreement.
    pub agreement: Agreement,
    /// Its status.
    pub status: Status,
}

impl Sample {
    /// Writes a text, has it signed by all or not, and lets things happen to it.
    pub fn of(rng: &mut Rng, number: u64) -> Sample {
        let shape = Shape::of(rng, number);
        Sample::shaped(rng, shape)
    }

    /// Like [`Sample::of`] with a given shape.
    pub fn shaped(rng: &mut Rng, shape: Shape) -> Sample {
        let written = text(rng, shape, None);
        let fate = rng.below(100);
        let signers = match fate {
            0..3 => 0,
            3..6 => shape.parties - 1,
            _ => shape.parties,
        };
        let agreement = match signers {
            0 => Agreement::draft(&written).unwrap(),
            some => sign_by(&written, some),
        };
        let status = Status { signed: signers == shape.parties, ..Status::default() };
        let mut sample = Sample { agreement, status };
        if sample.status.signed && fate >= 80 {
            sample.change(rng, shape);
        }
        sample
    }

    fn change(&mut self, rng: &mut Rng, shape: Shape) {
        let middle = shape.valid_from + i64::try_from(rng.below(u64::try_from(shape.days).unwrap())).unwrap() * 86_400;
        let at = Timestamp::from_unix_seconds(middle);
        match rng.below(4) {
            0 => self.suspend(rng, at),
            1 => {
                let party = party(0);
                let verb = Verb::Terminate { party, at, effective: at, reason: "over".to_owned() };
                self.notify(verb, 0);
                self.status.terminated_at = Some(at);
            }
            2 => {
                let later = Shape { version: 2, valid_from: middle, clauses: 1, ..shape };
                let hash = self.agreement.hash_text();
                let later = sign_by(&text(rng, later, Some(&hash)), shape.parties);
                self.agreement.supersede(&later).unwrap();
                self.status.superseded_at = Some(at);
            }
            _ => {
                self.suspend(rng, at);
                let later = at.saturating_add_micros(1_000_000);
                self.notify(Verb::Resume { party: party(0), at: later }, 0);
                self.status.suspended.retain(|known| *known != party(0));
            }
        }
    }

    fn suspend(&mut self, rng: &mut Rng, at: Timestamp) {
        for suspender in 0..1 + usize::from(rng.chance(30)) {
            self.notify(Verb::Suspend { party: party(suspender), at, reason: "dispute".to_owned() }, suspender);
            self.status.suspended.push(party(suspender));
        }
    }

    fn notify(&mut self, verb: Verb, signer: usize) {
        let note = Notice::new(self.agreement.terms(), verb).sign(key(signer)).unwrap();
        self.agreement.apply_notice(&note).unwrap();
    }
}

/// A request that owns what it names.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who would release.
    pub releaser: PartyId,
    /// Who would receive.
    pub recipient: PartyId,
    /// Purposes.
    pub purposes: PurposeSet,
    /// Doors.
    pub doors: DoorSet,
    /// The present.
    pub now: Timestamp,
    /// The object.
    pub facts: Facts,
}

impl Ask {
    /// The request.
    pub fn request(&self) -> Request<'_> {
        Request {
            releaser: &self.releaser,
            recipient: &self.recipient,
            purposes: self.purposes,
            doors: self.doors,
            now: self.now,
            facts: &self.facts,
        }
    }

    /// The same for one of the purposes and one of the doors, or for any where there are none.
    pub fn single(&self, rng: &mut Rng) -> (Ask, Purpose, Door) {
        let one = |rng: &mut Rng, chosen: Vec<Purpose>| {
            rng.pick(if chosen.is_empty() { Purpose::ALL } else { chosen.as_slice() })
        };
        let purpose = one(rng, self.purposes.iter().collect());
        let doors: Vec<Door> = self.doors.iter().collect();
        let door = rng.pick(if doors.is_empty() { Door::ALL } else { doors.as_slice() });
        let ask = Ask { purposes: PurposeSet::of(&[purpose]), doors: DoorSet::of(&[door]), ..self.clone() };
        (ask, purpose, door)
    }

    /// A request near what a clause of the text permits.
    pub fn near(rng: &mut Rng, terms: &Terms) -> Ask {
        let at = usize::try_from(rng.below(u64::try_from(terms.clauses.len()).unwrap())).unwrap();
        let mut ask = Ask::inside(rng, terms, &terms.clauses[at]);
        let changes = rng.pick(&[0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 6]);
        for _ in 0..changes {
            ask.perturb(rng, terms, &terms.clauses[at]);
        }
        ask
    }

    /// A request that the clause permits by itself, if it releases objects at all.
    pub fn inside(rng: &mut Rng, terms: &Terms, clause: &Clause) -> Ask {
        let (releaser, recipient) = pair(rng, terms, clause);
        let (from, to) = (terms.valid_from.as_micros(), terms.valid_to.as_micros());
        let inside = i64::try_from(rng.below(u64::try_from(to - from).unwrap())).unwrap();
        let now = Timestamp::from_micros(from + inside);
        let types: Vec<ObjectType> = clause.types.iter().collect();
        let kinds: Vec<Option<Kind>> = clause.kinds.iter().collect();
        let subjects: Vec<Subject> = clause.subjects.iter().collect();
        let at_most =
            |rng: &mut Rng, most: usize| usize::try_from(rng.below(u64::try_from(most + 1).unwrap())).unwrap();
        let tlp = Tlp::ALL.iter().position(|level| *level == clause.tlp_max).unwrap();
        let pap = Pap::ALL.iter().position(|level| *level == clause.pap_max).unwrap();
        let (least, oldest) = (u64::from(clause.confidence_min), u64::from(clause.max_age_days));
        let age = if rng.chance(50) { oldest } else { rng.below(oldest + 1) };
        let facts = Facts {
            object_type: rng.pick(&types),
            kind: rng.pick(&kinds),
            tlp: Tlp::ALL[if rng.chance(50) { tlp } else { at_most(rng, tlp) }],
            marking_state: MarkingState::Marked,
            pap: Pap::ALL[if rng.chance(50) { pap } else { at_most(rng, pap) }],
            origin: rng.pick(&clause.origins.iter().collect::<Vec<_>>()),
            subject: rng.some(&subjects, 60).into_iter().collect::<SubjectSet>(),
            confidence: u8::try_from(if rng.chance(50) { least } else { least + rng.below(101 - least) }).unwrap(),
            age_reference: aged(rng, now, age),
            warninglisted: false,
            quarantined: false,
            legal_hold: false,
            local_only: false,
            embargo_until: None,
            in_constituency: true,
            has_text: rng.chance(50),
            text_reviewed: true,
            echo: false,
            known_type: true,
        };
        let mut purposes = PurposeSet::of(&[rng.pick(&clause.purposes.iter().collect::<Vec<_>>())]);
        let mut doors = DoorSet::of(&[rng.pick(&clause.doors.iter().collect::<Vec<_>>())]);
        if rng.chance(25) {
            purposes = rng.some(Purpose::ALL, 40).into_iter().collect();
            doors = rng.some(Door::ALL, 40).into_iter().collect();
        }
        Ask { releaser, recipient, purposes, doors, now, facts }
    }

    /// Moves one attribute to a threshold, one past it, or anywhere.
    fn perturb(&mut self, rng: &mut Rng, terms: &Terms, clause: &Clause) {
        let facts = &mut self.facts;
        match rng.below(22) {
            0 => facts.tlp = rng.pick(&Tlp::ALL),
            1 => facts.pap = rng.pick(&Pap::ALL),
            2 => facts.object_type = rng.pick(ObjectType::ALL),
            3 => facts.kind = rng.pick(&Kind::ALL.into_iter().map(Some).chain([None]).collect::<Vec<_>>()),
            4 => facts.origin = rng.pick(Origin::ALL),
            5 => facts.subject = SubjectSet::from_bits(u8::try_from(rng.below(16)).unwrap()),
            6 => {
                let least = clause.confidence_min;
                facts.confidence = rng.pick(&[least.saturating_sub(1), least, (least + 1).min(100), 0, 100]);
            }
            7 | 8 => {
                let most = u64::from(clause.max_age_days);
                let age = rng.pick(&[most, most + 1, most.saturating_sub(1), 0, 65_535, 65_536, 200_000]);
                facts.age_reference = aged(rng, self.now, age);
            }
            9 => facts.age_reference = self.now.saturating_add_micros(i64::try_from(rng.below(400)).unwrap() * DAY),
            10 => facts.warninglisted = true,
            11 => facts.in_constituency = false,
            12 => (facts.has_text, facts.text_reviewed) = (true, false),
            13 => self.purposes = PurposeSet::from_bits(u16::try_from(rng.word() & 0x1FF).unwrap()),
            14 => self.doors = DoorSet::from_bits(u16::try_from(rng.word() & 0x3FF).unwrap()),
            15 => self.purposes = PurposeSet::of(&[rng.pick(Purpose::ALL)]),
            16 => self.doors = DoorSet::of(&[rng.pick(Door::ALL)]),
            17 => {
                let (one, other) = (party(rng.pick(&[0, 1, 2, 3, 4, 5])), party(rng.pick(&[0, 1, 2, 3, 4, 5])));
                (self.releaser, self.recipient) = (one, other);
            }
            18 => {
                let (from, to) = (terms.valid_from.as_micros(), terms.valid_to.as_micros());
                // The age stays: what is asked is the validity.
                let age = self.now.as_micros() - facts.age_reference.as_micros();
                self.now = Timestamp::from_micros(rng.pick(&[from - 1, from, from + 1, to - 1, to, to + 1, 0]));
                facts.age_reference = Timestamp::from_micros(self.now.as_micros().saturating_sub(age));
            }
            19 => {
                let ends = [-1, 0, 1, DAY, -DAY].map(|micros| self.now.saturating_add_micros(micros));
                facts.embargo_until = Some(rng.pick(&ends));
            }
            20 => facts.marking_state = rng.pick(&[MarkingState::Unmarked, MarkingState::Unresolved]),
            _ => match rng.below(5) {
                0 => facts.quarantined = true,
                1 => facts.legal_hold = true,
                2 => facts.local_only = true,
                3 => facts.echo = true,
                _ => facts.known_type = false,
            },
        }
    }
}

/// An instant so many whole days before the day of `now`, often at the edge of a day.
fn aged(rng: &mut Rng, now: Timestamp, days: u64) -> Timestamp {
    let today = now.as_micros().div_euclid(DAY) * DAY;
    let within = rng.pick(&[0, 1, DAY - 1, DAY / 2]);
    Timestamp::from_micros(today - i64::try_from(days).unwrap() * DAY + within)
}

/// A pair of parties that the clause names.
fn pair(rng: &mut Rng, terms: &Terms, clause: &Clause) -> (PartyId, PartyId) {
    let all: Vec<&PartyId> = terms.parties.iter().map(|party| &party.id).collect();
    let from: Vec<&PartyId> = match &clause.from {
        Releasers::All => all.clone(),
        Releasers::Party(id) => vec![id],
    };
    let to: Vec<&PartyId> = match &clause.to {
        Recipients::All => all,
        Recipients::Parties(ids) => ids.iter().collect(),
    };
    let pairs: Vec<(&PartyId, &PartyId)> =
        from.iter().flat_map(|a| to.iter().filter(move |b| *b != a).map(move |b| (*a, *b))).collect();
    let (releaser, recipient) = rng.pick(&pairs);
    (releaser.clone(), recipient.clone())
}
