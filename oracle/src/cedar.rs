//! The second evaluator: Cedar, on the policies of one agreement.

use std::collections::HashSet;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    Request as CedarCall, RestrictedExpression,
};
use entente_agreement::cedar::{self, CedarRequest};
use entente_agreement::{Agreement, Reason};
use serde_json::Value;

/// Says that Cedar could not read what was printed for it, or answered with an error: always a difference.
pub type Broken = String;

/// Holds the policies of one agreement as Cedar reads them.
#[derive(Debug)]
pub struct Evaluator {
    policies: PolicySet,
    authorizer: Authorizer,
}

/// Holds what Cedar answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it allows.
    pub allow: bool,
    /// The floors that forbid, in their order.
    pub floors: Vec<Reason>,
    /// Positions of the clauses that permit, in text order; empty where a floor forbids, which is all Cedar tells then.
    pub clauses: Vec<usize>,
}

/// Holds a request in Cedar's own types.
#[derive(Debug)]
pub struct Prepared {
    call: CedarCall,
    entities: Entities,
}

impl Evaluator {
    /// Prints the policies of an agreement and has Cedar read them.
    ///
    /// # Errors
    ///
    /// When Cedar refuses a policy, or two have one id.
    pub fn new(agreement: &Agreement) -> Result<Evaluator, Broken> {
        let text = cedar::policies(agreement.terms());
        let read: PolicySet = text.parse().map_err(|error| format!("Cedar refuses the policies: {error}\n{text}"))?;
        let mut policies = PolicySet::new();
        for policy in read.policies() {
            let id = policy.annotation("id").ok_or("a policy has no id")?;
            let named: Policy = policy.new_id(PolicyId::new(id));
            policies.add(named).map_err(|error| format!("policy `{id}`: {error}"))?;
        }
        Ok(Evaluator { policies, authorizer: Authorizer::new() })
    }

    /// Counts the policies.
    pub fn len(&self) -> usize {
        self.policies.policies().count()
    }

    /// Tells whether there are none, which no agreement has.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Asks; an error of a policy is a difference too (property P8).
    ///
    /// # Errors
    ///
    /// When Cedar cannot read the request, or a policy fails on it.
    pub fn ask(&self, request: &CedarRequest) -> Result<Answer, Broken> {
        self.answer(&prepare(request)?)
    }

    /// Asks with a request that is prepared already.
    ///
    /// # Errors
    ///
    /// When a policy fails on it, or one that is no floor and no clause decides.
    pub fn answer(&self, prepared: &Prepared) -> Result<Answer, Broken> {
        let response = self.authorizer.is_authorized(&prepared.call, &self.policies, &prepared.entities);
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(format!("Cedar: {error}"));
        }
        let mut answer =
            Answer { allow: response.decision() == Decision::Allow, floors: Vec::new(), clauses: Vec::new() };
        let mut floors = Vec::new();
        for id in response.diagnostics().reason() {
            let id = id.to_string();
            match (cedar::floor_of(&id), cedar::clause_of(&id)) {
                (Some(floor), _) => floors.push(floor),
                (None, Some(clause)) => answer.clauses.push(clause),
                (None, None) => return Err(format!("Cedar: policy `{id}` decides")),
            }
        }
        floors.sort_unstable_by_key(|(order, _)| *order);
        answer.floors = floors.into_iter().map(|(_, reason)| reason).collect();
        answer.clauses.sort_unstable();
        Ok(answer)
    }
}

/// Reads a request into Cedar's own types.
///
/// Value by value: Cedar's reader of JSON takes several times as long, and without a schema it reads the same from it.
///
/// # Errors
///
/// When Cedar refuses it.
pub fn prepare(request: &CedarRequest) -> Result<Prepared, Broken> {
    let context =
        Context::from_pairs(pairs(&request.context)?).map_err(|error| format!("Cedar refuses the context: {error}"))?;
    let mut entities = Vec::new();
    for entity in request.entities.as_array().ok_or("the entities are no list")? {
        let attributes = pairs(entity.get("attrs").ok_or("an entity has no attributes")?)?.into_iter().collect();
        let read = Entity::new(uid_of(entity.get("uid"))?, attributes, HashSet::new());
        entities.push(read.map_err(|error| format!("Cedar refuses an entity: {error}"))?);
    }
    let entities =
        Entities::from_entities(entities, None).map_err(|error| format!("Cedar refuses the entities: {error}"))?;
    let uid =
        |text: &str| text.parse::<EntityUid>().map_err(|error| format!("Cedar refuses the entity `{text}`: {error}"));
    let (principal, action, resource) = (uid(&request.principal)?, uid(&request.action)?, uid(&request.resource)?);
    let call = CedarCall::new(principal, action, resource, context, None)
        .map_err(|error| format!("Cedar refuses the request: {error}"))?;
    Ok(Prepared { call, entities })
}

fn pairs(value: &Value) -> Result<Vec<(String, RestrictedExpression)>, Broken> {
    let members = value.as_object().ok_or("not an object")?;
    members.iter().map(|(name, value)| Ok((name.clone(), expression(value)?))).collect()
}

fn expression(value: &Value) -> Result<RestrictedExpression, Broken> {
    Ok(match value {
        Value::Bool(yes) => RestrictedExpression::new_bool(*yes),
        Value::String(text) => RestrictedExpression::new_string(text.clone()),
        Value::Number(number) => {
            RestrictedExpression::new_long(number.as_i64().ok_or_else(|| format!("{number} is no integer"))?)
        }
        Value::Array(items) => {
            RestrictedExpression::new_set(items.iter().map(expression).collect::<Result<Vec<_>, _>>()?)
        }
        Value::Object(members) => RestrictedExpression::new_entity_uid(uid_of(members.get("__entity"))?),
        Value::Null => return Err("null has no meaning for Cedar".to_owned()),
    })
}

fn uid_of(value: Option<&Value>) -> Result<EntityUid, Broken> {
    let part = |key: &str| value.and_then(|value| value.get(key)).and_then(Value::as_str);
    let (Some(kind), Some(id)) = (part("type"), part("id")) else { return Err("an entity has no name".to_owned()) };
    let kind = kind.parse::<EntityTypeName>().map_err(|error| format!("Cedar refuses the type `{kind}`: {error}"))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

#[cfg(test)]
mod tests {
    use entente_agreement::cedar;

    use super::*;
    use crate::grammar::{Ask, Rng, Sample};

    #[test]
    fn value_by_value_and_cedars_own_reader_of_json_agree() {
        // Would break: the attributes that Cedar is asked about are not those that are printed.
        let mut rng = Rng::new(3, 0);
        let sample = Sample::of(&mut rng, 1);
        for _ in 0..200 {
            let (ask, purpose, door) = Ask::near(&mut rng, sample.agreement.terms()).single(&mut rng);
            let printed = cedar::request(&ask.request(), purpose, door, &sample.agreement);
            let read = Entities::from_json_value(printed.entities.clone(), None);
            assert!(prepare(&printed).is_ok_and(|ours| read.is_ok_and(|read| ours.entities.deep_eq(&read))));
        }
    }
}
