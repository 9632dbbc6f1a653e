//! Charts as SVG, made on the server: same input, same bytes.
//!
//! A chart stands beside a table with the same numbers; it carries no information of its own. Colours come from
//! classes of the style sheet, sizes from attributes.

use crate::countries;
use crate::markup::{Markup, grouped, plain};
use entente_exchange::view::CountryRow;
use std::fmt::Write as _;

// LIMIT: twenty bars fit a screen; the rest is in the table.
const BARS_MAX: usize = 20;
/// Height of one row.
const ROW: u64 = 30;
/// Height of the head.
const HEAD: u64 = 30;
/// Where the columns of bars begin.
const FIRST_COLUMN: u64 = 168;
/// Width of a column of bars with its numbers.
const COLUMN: u64 = 184;
/// Longest bar.
const BAR: u64 = 120;
/// Width of the whole.
const WIDTH: u64 = FIRST_COLUMN + 3 * COLUMN;

/// A column of bars: head, class of the style sheet, and the number it shows of a row.
type Series = (&'static str, &'static str, fn(&CountryRow) -> u64);

/// Draws one row per country with a bar for each kind of target; each kind has its own scale.
///
/// Returns the chart and the number of countries left to the table.
pub(crate) fn country_bars(rows: &[CountryRow]) -> (Markup, usize) {
    let shown = rows.get(..rows.len().min(BARS_MAX)).unwrap_or_default();
    let folded = rows.len() - shown.len();
    let height = HEAD + ROW * u64::try_from(shown.len()).unwrap_or_default();
    let series: [Series; 3] = [
        ("C2 servers", "bar-c2", |row| row.c2),
        ("Phishing", "bar-phishing", |row| row.phishing),
        ("Compromised sites", "bar-compromised", |row| row.compromised),
    ];
    let mut out = String::with_capacity(512 + shown.len() * 700);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"chart-title chart-text\">\
         <title id=\"chart-title\">Targets by country</title>\
         <desc id=\"chart-text\">Bars of {} countries, one column for each kind of target. The table below has the \
         same numbers.</desc>",
        shown.len()
    );
    for (column, (label, _, _)) in (0_u64..).zip(&series) {
        let x = FIRST_COLUMN + column * COLUMN;
        let _ = write!(out, "<text class=\"chart-head\" x=\"{x}\" y=\"16\">{label}</text>");
    }
    let most: [u64; 3] = series.map(|(_, _, value)| shown.iter().map(value).max().unwrap_or(0).max(1));
    for (place, row) in (0_u64..).zip(shown) {
        push_row(&mut out, HEAD + ROW * place, row, &series, &most);
    }
    out.push_str("</svg>");
    (Markup::from_own(out), folded)
}

fn push_row(out: &mut String, y: u64, row: &CountryRow, series: &[Series; 3], most: &[u64; 3]) {
    let text_y = y + 20;
    let name = if row.country == "ZZ" { "country unknown" } else { countries::name(&row.country).unwrap_or_default() };
    let full = plain(&format!("{} {name}", row.country));
    let _ = write!(
        out,
        "<line class=\"chart-rule\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>\
         <text class=\"chart-label\" x=\"0\" y=\"{text_y}\"><title>{full}</title>\
         <tspan class=\"chart-code\">{}</tspan><tspan x=\"32\">{}</tspan></text>",
        plain(&row.country),
        plain(&shortened(name))
    );
    for ((column, (_, class, value)), most) in (0_u64..).zip(series).zip(most) {
        let value = value(row);
        let x = FIRST_COLUMN + column * COLUMN;
        // A bar of one target among thousands is still a bar.
        let width = if value == 0 { 0 } else { (value.saturating_mul(BAR) / most).clamp(2, BAR) };
        if width > 0 {
            let bar_y = y + 8;
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{bar_y}\" width=\"{width}\" height=\"14\" rx=\"2\"/>"
            );
        }
        let text_x = x + width + if width > 0 { 6 } else { 0 };
        let class = if value == 0 { "chart-zero" } else { "chart-value" };
        let _ =
            write!(out, "<text class=\"{class}\" x=\"{text_x}\" y=\"{text_y}\">{}</text>", grouped(&value.to_string()));
    }
}

/// Draws two bars for each name, one above the other: an outline for the first number, a filled one for the second.
pub(crate) fn pairs(id: &str, title: &str, series: (&str, &str), rows: &[(String, u64, u64)]) -> Markup {
    /// Height of two bars.
    const PAIR: u64 = 44;
    /// Longest bar; the number stands behind it.
    const LONG: u64 = 420;
    let shown = rows.get(..rows.len().min(BARS_MAX)).unwrap_or_default();
    let most = shown.iter().map(|(_, a, b)| *a.max(b)).max().unwrap_or(0).max(1);
    let height = HEAD + PAIR * u64::try_from(shown.len()).unwrap_or_default();
    let (id, first, second) = (plain(id), plain(series.0), plain(series.1));
    let mut out = String::with_capacity(512 + shown.len() * 600);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-text\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-text\">Outlined: {first}. Filled: {second}. The table has the \
         same numbers.</desc><rect class=\"column-before\" x=\"1\" y=\"6\" width=\"12\" height=\"12\"/><text \
         class=\"chart-head\" x=\"20\" y=\"16\">{first}</text><rect class=\"column-after\" x=\"140\" y=\"6\" width=\"12\" \
         height=\"12\"/><text class=\"chart-head\" x=\"160\" y=\"16\">{second}</text>",
        plain(title)
    );
    for (place, (name, a, b)) in (0_u64..).zip(shown) {
        let y = HEAD + PAIR * place;
        let _ = write!(
            out,
            "<line class=\"chart-rule\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/><text class=\"chart-pair\" x=\"0\" \
             y=\"{}\">{}</text>",
            y + 26,
            plain(&shortened(name))
        );
        for (top, value, class) in [(y + 6, *a, "column-before"), (y + 24, *b, "column-after")] {
            // A bar of one among thousands is still a bar.
            let wide = if value == 0 { 0 } else { (value.saturating_mul(LONG) / most).clamp(2, LONG) };
            if wide > 0 {
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{FIRST_COLUMN}\" y=\"{top}\" width=\"{wide}\" height=\"13\"/>"
                );
            }
            let (x, y) = (FIRST_COLUMN + wide + 6, top + 11);
            let _ =
                write!(out, "<text class=\"chart-value\" x=\"{x}\" y=\"{y}\">{}</text>", grouped(&value.to_string()));
        }
    }
    out.push_str("</svg>");
    Markup::from_own(out)
}

/// Height of a chart of columns, without its labels.
const COLUMNS: u64 = 120;
// LIMIT: days that are drawn; the table has all.
const COLUMNS_MAX: usize = 120;

/// Draws two columns for each name, in order: an outline for the first number, a filled one for the second.
///
/// `id` makes the ids of its parts unique in the page; `series` names the two numbers.
pub(crate) fn columns(id: &str, title: &str, series: (&str, &str), rows: &[(String, u64, u64)]) -> Markup {
    let shown = rows.get(rows.len().saturating_sub(COLUMNS_MAX)..).unwrap_or_default();
    let most = shown.iter().map(|(_, a, b)| *a.max(b)).max().unwrap_or(0).max(1);
    let count = u64::try_from(shown.len()).unwrap_or_default().max(1);
    // LIMIT: between 4 and 40 pixels a name.
    let step = (WIDTH / count).clamp(4, 40);
    let id = plain(id);
    let (left, right) = (plain(series.0), plain(series.1));
    let height = COLUMNS + 56;
    let mut out = String::with_capacity(512 + shown.len() * 240);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-text\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-text\">Outlined: {left}. Filled: {right}. Highest: {}. The \
         table has the same numbers.</desc>\
         <rect class=\"column-before\" x=\"1\" y=\"6\" width=\"12\" height=\"12\"/><text class=\"chart-head\" x=\"20\" \
         y=\"16\">{left}</text><rect class=\"column-after\" x=\"140\" y=\"6\" width=\"12\" height=\"12\"/><text \
         class=\"chart-head\" x=\"160\" y=\"16\">{right}</text><text class=\"chart-head\" x=\"{WIDTH}\" y=\"16\" \
         text-anchor=\"end\">highest {}</text>",
        plain(title),
        grouped(&most.to_string()),
        grouped(&most.to_string())
    );
    let floor = COLUMNS + 30;
    let _ = write!(out, "<line class=\"chart-rule\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{floor}\" y2=\"{floor}\"/>");
    let half = (step / 2).max(1);
    for (place, (name, a, b)) in (0_u64..).zip(shown) {
        let x = place * step;
        for (at, value, class) in [(x + 1, *a, "column-before"), (x + half, *b, "column-after")] {
            if value == 0 {
                continue;
            }
            // A column of one among thousands is still a column.
            let tall = (value.saturating_mul(COLUMNS) / most).clamp(2, COLUMNS);
            let (y, wide) = (floor - tall, half.saturating_sub(1).max(1));
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{at}\" y=\"{y}\" width=\"{wide}\" height=\"{tall}\"><title>{}: {}</title></rect>",
                plain(name),
                grouped(&value.to_string())
            );
        }
    }
    if let (Some((first, ..)), Some((last, ..))) = (shown.first(), shown.last()) {
        let y = floor + 18;
        let _ = write!(out, "<text class=\"chart-head\" x=\"0\" y=\"{y}\">{}</text>", plain(&shortened(first)));
        if shown.len() > 1 {
            let end = (count * step).clamp(180, WIDTH);
            let _ = write!(
                out,
                "<text class=\"chart-head\" x=\"{end}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
                plain(&shortened(last))
            );
        }
    }
    out.push_str("</svg>");
    Markup::from_own(out)
}

/// Cuts a label of more than 18 characters in the middle.
fn shortened(label: &str) -> String {
    let count = label.chars().count();
    if count <= 18 {
        return label.to_owned();
    }
    let begin: String = label.chars().take(10).collect();
    let end: String = label.chars().skip(count - 7).collect();
    format!("{}…{}", begin.trim_end(), end.trim_start())
}

#[cfg(test)]
mod tests {
    use super::{columns, country_bars, pairs, shortened};
    use entente_exchange::view::CountryRow;

    fn row(country: &str, c2: u64, phishing: u64, compromised: u64) -> CountryRow {
        CountryRow { country: country.to_owned(), c2, phishing, compromised }
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let rows = [row("SG", 214, 12, 3), row("MU", 902, 0, 1)];
        assert_eq!(country_bars(&rows).0.to_string(), country_bars(&rows).0.to_string());
    }

    #[test]
    fn each_number_of_the_table_is_in_the_chart() {
        let (chart, folded) = country_bars(&[row("SG", 8800, 12, 0), row("MU", 902, 0, 41)]);
        let chart = chart.to_string();
        assert_eq!(folded, 0);
        for word in [">8,800<", ">12<", ">902<", ">41<", ">Singapore<", ">Mauritius<", ">SG<", ">MU<"] {
            assert!(chart.contains(word), "{word}");
        }
        // The longest bar of the first column, and a bar that stays visible.
        assert!(chart.contains("width=\"120\"") && chart.contains("class=\"bar-compromised\""));
    }

    #[test]
    fn countries_beyond_twenty_are_left_to_the_table() {
        let rows: Vec<CountryRow> = (0..23).map(|n| row("SG", n, 0, 0)).collect();
        assert_eq!(country_bars(&rows).1, 3);
    }

    #[test]
    fn abuse_a26_a_label_is_text_in_the_chart() {
        let (chart, _) = country_bars(&[row("\"><svg onload=alert(1)>", 1, 1, 1)]);
        let chart = chart.to_string();
        assert_eq!(chart.matches("<svg").count(), 1, "{chart}");
    }

    #[test]
    fn long_names_are_cut_in_the_middle() {
        assert_eq!(shortened("Singapore"), "Singapore");
        assert_eq!(shortened("United Arab Emirates"), "United Ara…mirates");
    }

    #[test]
    fn pairs_carry_both_numbers_of_the_table() {
        let rows = [("c2".to_owned(), 1_204, 0), ("<b>".to_owned(), 7, 410)];
        let chart = pairs("x", "By class", ("given", "received"), &rows).to_string();
        for word in [">1,204<", ">0<", ">7<", ">410<", "&lt;b&gt;"] {
            assert!(chart.contains(word), "{word}");
        }
        assert!(!chart.contains("<b>") && pairs("x", "t", ("a", "b"), &[]).to_string().ends_with("</svg>"));
    }

    #[test]
    fn columns_show_what_is_there_and_no_markup_of_a_name() {
        let rows = [("2026-11-01".to_owned(), 0, 1), ("<b>".to_owned(), 5_000, 2_500)];
        let chart = columns("x", "By day", ("before", "after"), &rows).to_string();
        assert_eq!(chart.matches("<rect class=\"column-after\"").count(), 3, "two and the legend");
        assert_eq!(chart.matches("<rect class=\"column-before\"").count(), 2);
        assert!(chart.contains("highest 5,000") && chart.contains("&lt;b&gt;: 5,000") && !chart.contains("<b>"));
        assert!(columns("x", "By day", ("a", "b"), &[]).to_string().ends_with("</svg>"));
    }

    #[test]
    fn no_country_at_all_is_an_empty_chart() {
        assert!(country_bars(&[]).0.to_string().ends_with("</svg>"));
    }
}
