//! A page with the chart and the table: one file, no script, nothing to be fetched.

use trine_query::answer::{Answer, Cell, Kind};

use super::{
    cell::{Format, clock},
    series::{self, Lines, Series},
    table,
    width::cut,
};

/// The page's look, for light and dark, wide and narrow. Lines are drawn as wide as the page is; what is written beside them is no part of the
/// drawing, and so is never stretched.
const STYLE: &str = "\
:root{--ink:#1c2126;--faint:#626b75;--line:#dfe3e8;--page:#fff;--bar:#2f6fdb;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--faint:#98a2ad;--line:#353b43;--page:#16191d;--bar:#6ea0f5}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.2rem;overflow-wrap:anywhere}h2{font-size:1rem;margin:1.5rem 0 .4rem}
figure{margin:0;font-size:.85rem;color:var(--faint)}
.lines{display:grid;grid-template-columns:max-content 1fr;gap:.5rem .6rem;padding-top:.6rem}
.axis{display:flex;flex-direction:column;justify-content:space-between;text-align:right;line-height:0}
svg{display:block;width:100%;height:15rem;overflow:visible}path,line{vector-effect:non-scaling-stroke}line{stroke:var(--line)}
path{fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}path.dots{stroke-width:5}
.ends{grid-column:2;display:flex;justify-content:space-between;gap:1rem}
.legend span{display:inline-block;margin-right:1.2em;overflow-wrap:anywhere}
.legend i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}
.bars{display:grid;grid-template-columns:fit-content(40%) 1fr;gap:.3rem .6rem;align-items:center;line-height:1.25}
.bars>span{text-align:right;overflow-wrap:anywhere}.bars div{display:flex;align-items:center;gap:.4rem;white-space:nowrap}
.bars i{background:var(--bar);height:1.1em;border-radius:2px;min-width:1px}
.table{overflow-x:auto;margin-top:1.5rem}table{border-collapse:collapse;width:100%}
th,td{padding:.3rem .8rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th,td{white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums}
td.long{white-space:normal;min-width:22rem;max-width:34rem;overflow-wrap:anywhere}
.note{color:var(--faint)}";
/// What the browser may fetch and run for it: nothing but the styles that are in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
/// Colours of lines that are told apart on light and dark, and by those who see few colours (after Okabe and Ito).
const COLORS: [&str; series::SERIES_MAX] = ["#2f7fd0", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
/// Size of a chart of lines, in the units of its drawing.
const CHART: (f64, f64) = (1000.0, 240.0);
/// Bars that are drawn.
const BARS_MAX: usize = 25;
/// Characters of a label beside a bar.
const LABEL_CHARS_MAX: usize = 60;
/// Characters of a cell that stands in one line.
const SHORT_CHARS_MAX: usize = 48;
/// Room for the number behind the longest bar.
const NUMBER_ROOM: &str = "6rem";

pub(super) fn text(answer: &Answer, title: &str) -> String {
    let title = escaped(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <link rel=\"icon\" href=\"data:,\"><title>{title}</title>\n<style>\n{STYLE}\n</style></head><body>\n<h1>{title}</h1>\n"
    );
    for measure in series::measures(answer) {
        match series::lines(answer, measure) {
            Some(lines) if lines.buckets() > 1 => draw_lines(answer, &lines, &mut page),
            _ if answer.rows.len() > 1 => draw_bars(answer, measure, &mut page),
            _ => {}
        }
    }
    write_table(answer, &mut page);
    if answer.rows.is_empty() {
        page.push_str("<p class=\"note\">There is nothing that the question asks for.</p>\n");
    }
    for sentence in answer.notes.sentences() {
        page.push_str(&format!("<p class=\"note\">{}</p>\n", escaped(&sentence)));
    }
    page.push_str("</body></html>\n");
    page
}

fn format(answer: &Answer, place: usize) -> Format {
    Format::of(&answer.columns[place], answer.rows.iter().map(|row| &row[place]))
}

fn heading(answer: &Answer, measure: usize) -> String {
    let column = &answer.columns[measure];
    escaped(&table::head(&column.name, column.unit))
}

fn draw_lines(answer: &Answer, lines: &Lines, page: &mut String) {
    let (width, height) = CHART;
    let format = format(answer, lines.measure);
    let drawn: Vec<&Series> =
        lines.series.iter().filter(|series| series.values.iter().any(Option::is_some)).collect();
    let values = || drawn.iter().flat_map(|series| series.values.iter().flatten().copied());
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let buckets = lines.buckets();
    let x = |bucket: usize| bucket as f64 / (buckets.max(2) - 1) as f64 * width;
    let y = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        (1.0 - share) * height
    };
    let heading = heading(answer, lines.measure);
    page.push_str(&format!("<h2>{heading}</h2>\n<figure aria-label=\"{heading}\">\n"));
    if drawn.len() > 1 {
        page.push_str("<div class=\"legend\">");
        for (series, color) in drawn.iter().zip(COLORS) {
            let label = escaped(&series.label);
            page.push_str(&format!("<span><i style=\"background:{color}\"></i>{label}</span>"));
        }
        page.push_str("</div>\n");
    }
    page.push_str("<div class=\"lines\"><div class=\"axis\">");
    for value in [high, (low + high) / 2.0, low] {
        page.push_str(&format!("<span>{}</span>", escaped(&format.text(&Cell::Float(value)))));
    }
    page.push_str(&format!(
        "</div><svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" role=\"img\">\n"
    ));
    for at in [0.0, height / 2.0, height] {
        page.push_str(&format!("<line x1=\"0\" x2=\"{width}\" y1=\"{at}\" y2=\"{at}\"/>\n"));
    }
    for (series, color) in drawn.iter().zip(COLORS) {
        let label = escaped(&series.label);
        let (line, dots) = paths_of(&series.values, &x, &y);
        for (class, path) in [("line", line), ("dots", dots)] {
            if !path.is_empty() {
                page.push_str(&format!(
                    "<path class=\"{class}\" d=\"{path}\" stroke=\"{color}\"><title>{label}</title></path>\n"
                ));
            }
        }
    }
    let time =
        |bucket: usize| clock(lines.begin_ns.saturating_add(lines.every_ns.saturating_mul(bucket as i64)));
    let (begin, end) = (time(0), time(buckets - 1));
    page.push_str(&format!(
        "</svg><div class=\"ends\"><span>{begin}</span><span>{end}</span></div></div></figure>\n"
    ));
    if lines.hidden > 0 {
        page.push_str(&format!("<p class=\"note\">and {} smaller ones</p>\n", lines.hidden));
    }
}

/// A line through the values, broken where there is none; and what stands alone between two breaks, strokes without length, which round
/// ends make dots.
fn paths_of(values: &[Option<f64>], x: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) -> (String, String) {
    let (mut line, mut dots) = (String::new(), String::new());
    let has = |place: Option<usize>| place.and_then(|place| *values.get(place)?).is_some();
    for (bucket, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let (x, y) = (x(bucket), y(*value));
        match (has(bucket.checked_sub(1)), has(Some(bucket + 1))) {
            (false, false) => dots.push_str(&format!("M{x:.1} {y:.1}h0")),
            (false, true) => line.push_str(&format!("M{x:.1} {y:.1}")),
            (true, _) => line.push_str(&format!("L{x:.1} {y:.1}")),
        }
    }
    (line, dots)
}

fn draw_bars(answer: &Answer, measure: usize, page: &mut String) {
    let format = format(answer, measure);
    let most = answer.rows.iter().filter_map(|row| row[measure].number()).fold(0.0, f64::max);
    if most <= 0.0 || !most.is_finite() {
        return;
    }
    let heading = heading(answer, measure);
    page.push_str(&format!("<h2>{heading}</h2>\n<figure class=\"bars\" aria-label=\"{heading}\">\n"));
    for row in 0..answer.rows.len().min(BARS_MAX) {
        let cell = &answer.rows[row][measure];
        let share = (cell.number().unwrap_or(0.0) / most).clamp(0.0, 1.0);
        let label = cut(&series::label(answer, row), LABEL_CHARS_MAX);
        page.push_str(&format!(
            "<span>{}</span><div><i style=\"width:calc((100% - {NUMBER_ROOM})*{share:.4})\"></i>{}</div>\n",
            escaped(&label),
            escaped(&format.text(cell)),
        ));
    }
    page.push_str("</figure>\n");
    let hidden = answer.rows.len().saturating_sub(BARS_MAX);
    if hidden > 0 {
        page.push_str(&format!("<p class=\"note\">and {hidden} more, which the table has</p>\n"));
    }
}

fn write_table(answer: &Answer, page: &mut String) {
    page.push_str("<div class=\"table\"><table>\n<thead><tr>");
    let class = |place: usize| {
        let is_number = matches!(answer.columns[place].kind, Kind::Number | Kind::Share | Kind::Duration);
        if is_number { " class=\"n\"" } else { "" }
    };
    for place in 0..answer.columns.len() {
        page.push_str(&format!("<th{}>{}</th>", class(place), heading(answer, place)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    let formats: Vec<Format> = (0..answer.columns.len()).map(|place| format(answer, place)).collect();
    for row in &answer.rows {
        page.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let text = formats[place].text(cell);
            let is_long = text.chars().nth(SHORT_CHARS_MAX).is_some();
            let class = if is_long { " class=\"long\"" } else { class(place) };
            page.push_str(&format!("<td{class}>{}</td>", escaped(&text)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

/// Text that HTML shows as it is, in content and attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use trine_query::answer::Column;

    use super::*;

    #[test]
    fn a_page_stands_alone_and_runs_nothing() {
        let mut answer = Answer::new(vec![Column::key("event", Kind::Text), Column::new("n", Kind::Number)]);
        for n in 1..3 {
            answer.rows.push(vec![Cell::Text("<script>alert(1)</script>".into()), Cell::Int(n)]);
        }
        let page = text(&answer, "a \"title\" <b>");
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http:"), "{page}");
        assert!(
            page.contains("<td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td class=\"n\">1</td>"),
            "{page}"
        );
        assert!(page.contains("<i style=\"width:calc((100% - 6rem)*0.5000)\"></i>1</div>"), "bars: {page}");
    }

    #[test]
    fn lines_break_where_there_is_nothing() {
        let page = text(&series::tests::answer(), "t");
        // The second series has no middle bucket: it begins anew.
        assert_eq!(page.matches("<path").count(), 2);
        let second = page.split("<path").nth(2).unwrap();
        assert!(second.starts_with(" class=\"dots\" d=\"M0.0 210.0h0M1000.0 150.0h0\""), "{second}");
    }
}
