//! Reading: discovery, API root, status, collections, objects, manifest, versions.

use super::target::Target;
use super::{Asked, No, ROOT, check_accept, collection, credential, no, reply};
use crate::door::Door;
use axum::body::Body;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use entente_agreement::Door as Way;
use entente_exchange::access::Credential;
use entente_exchange::deliver::{CollectionInfo, Page, PageRequest, PageRow};
use entente_stix::Timestamp;
use entente_taxii::MEDIA_TYPE;
use entente_taxii::cursor::{self, CursorError, CursorKey, Scope, Start};
use entente_taxii::envelope::envelope;
use entente_taxii::problem::Code;
use entente_taxii::query::{Endpoint, Filters, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, Query, VersionSelector};
use entente_taxii::wire::{
    ApiRoot, Collection, Collections, Discovery, Manifest, ManifestRecord, STIX_21, Versions, to_body,
};
use uuid::Uuid;

/// Number of the one key that seals cursors.
const CURSOR_KEY: u8 = 1;
/// Profile of every credential: the representation is the plain one.
const PROFILE: &str = "plain";

/// Answers GET and HEAD. Blocks.
pub(super) fn read(door: &Door, asked: &Asked) -> Result<Response<Body>, No> {
    let credential = credential(door, asked)?;
    match &asked.target {
        Target::Nowhere => Err(no(Code::NotFound)),
        Target::Discovery => plain(asked, || discovery(door)),
        Target::Root => plain(asked, || api_root(door)),
        Target::Status(id) => status(door, asked, &credential, id),
        Target::Collections => {
            let known = door.exchange().collections(&credential).map_err(|error| reply::failed(door, &error))?;
            let listed = known.iter().filter_map(resource).collect();
            plain(asked, || to_body(&Collections::new(listed)))
        }
        Target::Collection(id) => {
            let known = collection(door, &credential, id)?;
            let resource = resource(&known).ok_or_else(|| no(Code::NotFound))?;
            plain(asked, || to_body(&resource))
        }
        Target::Manifest(id) => page(door, asked, &credential, id, Endpoint::Manifest, None),
        Target::Objects(id) => page(door, asked, &credential, id, Endpoint::Objects, None),
        Target::Object(id, object) => page(door, asked, &credential, id, Endpoint::Object, Some(object)),
        Target::Versions(id, object) => page(door, asked, &credential, id, Endpoint::Versions, Some(object)),
    }
}

/// Answers an endpoint without parameters.
fn plain(asked: &Asked, body: impl FnOnce() -> Vec<u8>) -> Result<Response<Body>, No> {
    check_accept(asked)?;
    Query::parse(&asked.query, Endpoint::Plain)?;
    Ok(reply::with_body(StatusCode::OK, body()))
}

fn discovery(door: &Door) -> Vec<u8> {
    let node = door.exchange().node();
    let root = format!("{}/taxii2/{ROOT}/", node.url.trim_end_matches('/'));
    to_body(&Discovery {
        title: format!("{} exchange", node.party),
        description: Some(format!("Entente node of {}", node.name)),
        contact: None,
        default: Some(root.clone()),
        api_roots: vec![root],
    })
}

fn api_root(door: &Door) -> Vec<u8> {
    let max_content_length = u64::try_from(door.options().body_size_bytes_max).unwrap_or(u64::MAX);
    to_body(&ApiRoot {
        title: ROOT.to_owned(),
        description: None,
        versions: vec![MEDIA_TYPE.to_owned()],
        max_content_length,
    })
}

/// Makes the resource of a collection; `None` if its id is none, which no collection of a node has.
fn resource(known: &CollectionInfo) -> Option<Collection> {
    Some(Collection {
        id: Uuid::parse_str(&known.id).ok()?,
        title: known.title.clone(),
        description: Some(known.description.clone()),
        alias: Some(known.alias.clone()),
        can_read: known.can_read,
        can_write: known.can_write,
        media_types: vec![STIX_21.to_owned()],
    })
}

fn status(door: &Door, asked: &Asked, credential: &Credential, id: &str) -> Result<Response<Body>, No> {
    let id = Uuid::parse_str(id).map_err(|_| no(Code::NotFound))?;
    let found = door
        .exchange()
        .status(credential, &id.hyphenated().to_string())
        .map_err(|error| reply::failed(door, &error))?;
    let found = found.ok_or_else(|| no(Code::NotFound))?;
    plain(asked, || found)
}

/// Answers an endpoint that pages.
fn page(
    door: &Door,
    asked: &Asked,
    credential: &Credential,
    id: &str,
    endpoint: Endpoint,
    object: Option<&str>,
) -> Result<Response<Body>, No> {
    let known = collection(door, credential, id)?;
    if !known.can_read {
        return Err(no(Code::NoRead));
    }
    if object.is_some_and(|object| !entente_stix::id::is_identifier(object)) {
        return Err(no(Code::NotFound));
    }
    check_accept(asked)?;
    let query = Query::parse(&asked.query, endpoint)?;
    let collection = Uuid::parse_str(&known.id).map_err(|_| no(Code::NotFound))?;
    let scope = Scope { collection, audience: cursor::audience(credential.party.as_str(), PROFILE), endpoint };
    let key = CursorKey::new(CURSOR_KEY, door.exchange().cursor_secret());
    let now = door.exchange().now();
    let start = start(&query, &scope, &key, now, object)?;
    let request = request_of(asked, &query, &start, endpoint);
    let delivers = matches!(endpoint, Endpoint::Objects | Endpoint::Object) && !asked.head_only;
    let page = if delivers {
        door.exchange().deliver(credential, &known, &request)
    } else {
        door.exchange().manifest(credential, &known, &request)
    };
    let page = page.map_err(|error| reply::not_delivered(door, &error))?;
    if object.is_some() && !page.known {
        return Err(no(Code::NotFound));
    }
    let next = page.more.then(|| next_of(&page, &scope, &start, &key, now));
    let mut response = match body_of(endpoint, delivers, &page, next) {
        Some(body) => reply::with_body(StatusCode::OK, body),
        None => reply::without_length(),
    };
    let first = page.rows.first().map_or(start.position, |row| row.date_added);
    let last = end_of(&page, &start);
    reply::set_positions(response.headers_mut(), first, last);
    set_receipt(response.headers_mut(), door, &known, &page);
    Ok(response)
}

/// Finds where the page starts and with which filters.
///
/// The object of an address belongs to the filters of its cursors, so that a cursor of one object is none of another;
/// a client that sends the cursor alone need not repeat it.
fn start(query: &Query, scope: &Scope, key: &CursorKey, now: Timestamp, object: Option<&str>) -> Result<Start, No> {
    let keys = std::slice::from_ref(key);
    let Some(object) = object else { return Ok(cursor::start(query, scope, keys, now)?) };
    if query.next.is_none() || !query.filters.is_empty() {
        let mut query = query.clone();
        query.filters.ids = vec![object.to_owned()];
        return Ok(cursor::start(&query, scope, keys, now)?);
    }
    let mut start = cursor::start(query, scope, keys, now)?;
    match start.filters.ids.as_slice() {
        // The cursor was ignored in favour of `added_after`.
        [] => start.filters.ids = vec![object.to_owned()],
        [held] if held == object => {}
        _ => return Err(CursorError::OtherCollection.into()),
    }
    Ok(start)
}

fn request_of(asked: &Asked, query: &Query, start: &Start, endpoint: Endpoint) -> PageRequest {
    let mut filters: Filters = start.filters.clone();
    if endpoint == Endpoint::Versions {
        filters.versions = vec![VersionSelector::All];
    }
    let limit = query.page_items(PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX);
    PageRequest {
        after: start.position,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        filters,
        door: way_of(&asked.headers),
        purpose: None,
    }
}

/// Which way out of an agreement a reader uses: another node of ours that exchanges, or any other TAXII client.
fn way_of(headers: &HeaderMap) -> Way {
    let is_node = headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"entente/"));
    if is_node { Way::Sync } else { Way::Taxii }
}

fn next_of(page: &Page, scope: &Scope, start: &Start, key: &CursorKey, now: Timestamp) -> String {
    cursor::seal(scope, end_of(page, start), &start.filters, now, key)
}

/// The position a reader has reached: the last record of the page, or of those looked at when more is to come.
fn end_of(page: &Page, start: &Start) -> Timestamp {
    let looked_at = page.looked_at.filter(|_| page.more);
    page.rows.last().map(|row| row.date_added).max(looked_at).unwrap_or(start.position)
}

/// Writes the body: the stored bytes into one buffer, or the list of records. `None` for HEAD of objects: its headers
/// say all there is to say, and nothing is delivered.
fn body_of(endpoint: Endpoint, delivers: bool, page: &Page, next: Option<String>) -> Option<Vec<u8>> {
    match endpoint {
        Endpoint::Manifest => {
            let record = |row: &PageRow| ManifestRecord {
                id: row.id.clone(),
                date_added: row.date_added,
                version: version_of(row),
                media_type: Some(STIX_21.to_owned()),
            };
            Some(to_body(&Manifest::new(page.rows.iter().map(record).collect(), next)))
        }
        Endpoint::Versions => Some(to_body(&Versions::new(page.rows.iter().map(version_of).collect(), next))),
        _ => delivers.then(|| envelope(page.rows.iter().map(|row| row.bytes.as_slice()), next.as_deref())),
    }
}

/// The version of a record: the text of the object, else its position.
fn version_of(row: &PageRow) -> String {
    row.version.clone().unwrap_or_else(|| row.date_added.to_micros_string())
}

fn set_receipt(headers: &mut HeaderMap, door: &Door, known: &CollectionInfo, page: &Page) {
    let Some(leaf) = page.receipt else { return };
    let base = door.exchange().node().url.trim_end_matches('/');
    let value = HeaderValue::try_from(format!("{base}/api/v1/receipts/{}/{leaf}", known.agreement));
    if let Ok(value) = value {
        headers.insert(HeaderName::from_static("entente-receipt"), value);
    }
}
