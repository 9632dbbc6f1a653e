//! Home: what is new, where the targets are, how the exchange is doing.

use super::attention::{self, Attention};
use super::{Entry, Frame, ROWS_MAX, download, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::{Markup, filters};
use crate::refusal::Refusal;
use crate::svgchart;
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use entente_exchange::view;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    home: view::Home,
    /// What somebody should look at, the worst first; for staff only.
    attention: Vec<Attention>,
    chart: Markup,
    /// Countries that the chart leaves to the table.
    folded: usize,
}

/// `GET /`.
pub(crate) fn show(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut home = door.exchange().home(call.viewer()?).map_err(failed(door))?;
    home.countries.truncate(ROWS_MAX);
    let (chart, folded) = svgchart::country_bars(&home.countries);
    let frame = Frame::new(door, call, Entry::Home);
    let attention =
        if frame.staff { attention::gather(door, call.viewer()?).map_err(failed(door))? } else { Vec::new() };
    html(door, &HomePage { frame, home, attention, chart, folded })
}

/// `GET /countries.csv`: the table behind the chart.
pub(crate) fn countries_csv(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let home = door.exchange().home(call.viewer()?).map_err(failed(door))?;
    let mut out = String::from("country,c2,phishing,compromised\r\n");
    for row in &home.countries {
        // Only what is a country code goes into the first column, so no cell can begin a formula (A28).
        let code = if row.country.bytes().all(|b| b.is_ascii_uppercase()) { row.country.as_str() } else { "ZZ" };
        out.push_str(&format!("{code},{},{},{}\r\n", row.c2, row.phishing, row.compromised));
    }
    Ok(download("text/csv; charset=utf-8", "countries.csv", out.into_bytes()))
}
