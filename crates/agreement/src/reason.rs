//! Why something does not leave: the closed list of sections 5.4 and 5.5 of the format.

use std::fmt;

macro_rules! predicates {
    ($( $(#[$doc:meta])* $Variant:ident = $name:literal, $clause:literal, $post:literal, $sentence:literal; )+) => {
        /// Names a predicate of a clause, in the order in which they are evaluated.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Predicate {
            $( $(#[$doc])* $Variant, )+
        }

        impl Predicate {
            /// Lists the predicates in their order.
            pub const ALL: &'static [Predicate] = &[$( Predicate::$Variant, )+];

            /// Returns the name, for example `confidence`.
            pub const fn name(self) -> &'static str {
                match self { $( Predicate::$Variant => $name, )+ }
            }

            const fn clause_code(self) -> &'static str {
                match self { $( Predicate::$Variant => $clause, )+ }
            }

            const fn post_code(self) -> &'static str {
                match self { $( Predicate::$Variant => $post, )+ }
            }

            const fn clause_sentence(self) -> &'static str {
                match self { $( Predicate::$Variant => $sentence, )+ }
            }
        }
    };
}

predicates! {
    /// Releaser and recipient.
    Parties = "parties", "clause.parties", "post.parties", "the clause does not name these parties";
    /// Purpose.
    Purpose = "purpose", "clause.purpose", "post.purpose", "the clause does not cover the purpose";
    /// Door.
    Door = "door", "clause.door", "post.door", "the clause does not open this door";
    /// Type of object.
    Type = "type", "clause.type", "post.type", "the clause does not cover objects of this type";
    /// Kind of observable.
    Kind = "kind", "clause.kind", "post.kind", "the clause does not cover this kind of value";
    /// TLP ceiling.
    Tlp = "tlp", "clause.tlp", "post.tlp", "the marking is above the ceiling of the clause";
    /// PAP ceiling.
    Pap = "pap", "clause.pap", "post.pap", "the permitted actions are narrower than the clause allows for";
    /// Whose finding.
    Origin = "origin", "clause.origin", "post.origin", "the clause does not cover data of this origin";
    /// Categories of data subject.
    Subject = "subject", "clause.subject", "post.subject", "the clause does not cover these persons, or nobody said whom the data concerns";
    /// Least confidence.
    Confidence = "confidence", "clause.confidence", "post.confidence", "the confidence is too low";
    /// Greatest age.
    Age = "age", "clause.age", "post.age", "the data is too old";
    /// Warninglists.
    Warninglist = "warninglist", "clause.warninglist", "post.warninglist", "the value is on a warninglist";
    /// Constituency.
    Constituency = "constituency", "clause.constituency", "post.constituency", "not every victim lies in the recipient's constituency";
    /// Free text.
    Text = "text", "clause.text", "post.text", "the free text has not been reviewed";
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Predicate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Says why an object does not leave. The list is closed; codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// F1: TLP:RED.
    FloorRed,
    /// F2: never leaves this node.
    FloorLocalOnly,
    /// F3: the agreement is not in force.
    FloorState,
    /// F4: outside the validity.
    FloorValidity,
    /// F5: a marking that is not understood.
    FloorMarking,
    /// F6: no marking.
    FloorUnmarked,
    /// F7: legal hold.
    FloorHold,
    /// F8: embargo.
    FloorEmbargo,
    /// F9: quarantine.
    FloorQuarantine,
    /// F10: not a party.
    FloorParty,
    /// F11: unknown type.
    FloorType,
    /// F12: the recipient is the only source.
    FloorEcho,
    /// F13: two clauses with different obligations.
    FloorAmbiguous,
    /// F14: the second evaluator disagreed; set by the caller.
    FloorOracle,
    /// The blocking predicate of the nearest clause.
    Clause(Predicate),
    /// No clause names this pair of parties.
    ClauseNone,
    /// A predicate fails on the resulting bytes.
    Post(Predicate),
    /// A withheld value is left in the resulting bytes.
    PostResidual,
    /// The resulting bytes are not a valid object.
    PostInvalid,
    /// A required reference leads to something not released.
    ClosureDanglingRequired,
    /// A required property may not leave.
    ClosureRequiredProperty,
    /// A pattern holds what may not leave.
    ObligationPattern,
    /// A victim object is dropped, not redacted.
    ObligationVictim,
    /// An obligation could not be carried out.
    ObligationError,
    /// The door cannot express the marking.
    DoorCannotExpressMarking,
    /// The door's use needs wider permitted actions.
    DoorPap,
    /// The session's purpose is not one the object was released for.
    DeliveryPurpose,
    /// Withdrawn between release and delivery.
    DeliveryWithdrawn,
    /// Daily quota of objects.
    LimitObjectsPerDay,
    /// Daily quota of blind queries.
    LimitPrivateLookups,
    /// An export differs too much from the one before.
    LimitExportDiff,
    /// Volume threshold.
    LimitVolume,
}

impl Reason {
    /// The floors that a decision evaluates, in their order (section 5.4 of the format). F14 is the caller's.
    pub const FLOORS: [Reason; 13] = [
        Reason::FloorRed,
        Reason::FloorLocalOnly,
        Reason::FloorState,
        Reason::FloorValidity,
        Reason::FloorMarking,
        Reason::FloorUnmarked,
        Reason::FloorHold,
        Reason::FloorEmbargo,
        Reason::FloorQuarantine,
        Reason::FloorParty,
        Reason::FloorType,
        Reason::FloorEcho,
        Reason::FloorAmbiguous,
    ];

    /// Reasons without a predicate that are no floors of the decision.
    const OTHERS: [Reason; 17] = [
        Reason::FloorOracle,
        Reason::ClauseNone,
        Reason::PostResidual,
        Reason::PostInvalid,
        Reason::ClosureDanglingRequired,
        Reason::ClosureRequiredProperty,
        Reason::ObligationPattern,
        Reason::ObligationVictim,
        Reason::ObligationError,
        Reason::DoorCannotExpressMarking,
        Reason::DoorPap,
        Reason::DeliveryPurpose,
        Reason::DeliveryWithdrawn,
        Reason::LimitObjectsPerDay,
        Reason::LimitPrivateLookups,
        Reason::LimitExportDiff,
        Reason::LimitVolume,
    ];

    /// Lists every reason once.
    pub fn all() -> impl Iterator<Item = Reason> {
        let clause = Predicate::ALL.iter().copied().map(Reason::Clause);
        let post = Predicate::ALL.iter().copied().map(Reason::Post);
        Self::FLOORS.into_iter().chain(Self::OTHERS).chain(clause).chain(post)
    }

    /// Returns the stable code, for example `floor.red` or `clause.confidence`.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::FloorRed => "floor.red",
            Reason::FloorLocalOnly => "floor.local-only",
            Reason::FloorState => "floor.state",
            Reason::FloorValidity => "floor.validity",
            Reason::FloorMarking => "floor.marking",
            Reason::FloorUnmarked => "floor.unmarked",
            Reason::FloorHold => "floor.hold",
            Reason::FloorEmbargo => "floor.embargo",
            Reason::FloorQuarantine => "floor.quarantine",
            Reason::FloorParty => "floor.party",
            Reason::FloorType => "floor.type",
            Reason::FloorEcho => "floor.echo",
            Reason::FloorAmbiguous => "floor.ambiguous",
            Reason::FloorOracle => "floor.oracle",
            Reason::Clause(predicate) => predicate.clause_code(),
            Reason::ClauseNone => "clause.none",
            Reason::Post(predicate) => predicate.post_code(),
            Reason::PostResidual => "post.residual",
            Reason::PostInvalid => "post.invalid",
            Reason::ClosureDanglingRequired => "closure.dangling-required",
            Reason::ClosureRequiredProperty => "closure.required-property",
            Reason::ObligationPattern => "obligation.pattern",
            Reason::ObligationVictim => "obligation.victim",
            Reason::ObligationError => "obligation.error",
            Reason::DoorCannotExpressMarking => "door.cannot-express-marking",
            Reason::DoorPap => "door.pap",
            Reason::DeliveryPurpose => "delivery.purpose",
            Reason::DeliveryWithdrawn => "delivery.withdrawn",
            Reason::LimitObjectsPerDay => "limit.objects-per-day",
            Reason::LimitPrivateLookups => "limit.private-lookups",
            Reason::LimitExportDiff => "limit.export-diff",
            Reason::LimitVolume => "limit.volume",
        }
    }

    /// Returns one English sentence, without a full stop.
    pub const fn sentence(self) -> &'static str {
        match self {
            Reason::FloorRed => "TLP:RED never leaves, whatever an agreement says",
            Reason::FloorLocalOnly => "the object is kept to this organisation",
            Reason::FloorState => "the agreement is not in force",
            Reason::FloorValidity => "the time lies outside the validity of the agreement",
            Reason::FloorMarking => "a marking of the object is not understood",
            Reason::FloorUnmarked => "the object has no marking",
            Reason::FloorHold => "the object is under legal hold",
            Reason::FloorEmbargo => "the object is under embargo",
            Reason::FloorQuarantine => "the object is in quarantine",
            Reason::FloorParty => "one of the two is not a party of the agreement",
            Reason::FloorType => "the type of the object, or an extension in it, is not known",
            Reason::FloorEcho => "the recipient is the only source of the object",
            Reason::FloorAmbiguous => "two clauses match and oblige to different things",
            Reason::FloorOracle => "the second evaluation disagreed",
            Reason::Clause(predicate) => predicate.clause_sentence(),
            Reason::ClauseNone => "no clause names these two parties",
            Reason::Post(_) => "after the obligations the object no longer meets the clause",
            Reason::PostResidual => "a value that must not leave was still in the result",
            Reason::PostInvalid => "the result was not a valid object",
            Reason::ClosureDanglingRequired => "the object refers to something that is not released",
            Reason::ClosureRequiredProperty => "a property the object cannot do without may not leave",
            Reason::ObligationPattern => "the pattern holds something that may not leave",
            Reason::ObligationVictim => "the object is about a victim and is left out",
            Reason::ObligationError => "an obligation could not be carried out",
            Reason::DoorCannotExpressMarking => "this way out cannot express the marking",
            Reason::DoorPap => "the permitted actions do not allow this use",
            Reason::DeliveryPurpose => "the object was released for other purposes",
            Reason::DeliveryWithdrawn => "the release has been withdrawn",
            Reason::LimitObjectsPerDay => "the daily quota of objects is used up",
            Reason::LimitPrivateLookups => "the daily quota of blind queries is used up",
            Reason::LimitExportDiff => "the export differs too much from the one before",
            Reason::LimitVolume => "the volume needs a second person",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
