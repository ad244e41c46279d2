//! A page with the chart and the table: one file, no script, nothing to be fetched.

use trine_query::answer::{Answer, Cell, Kind};

use super::{
    cell::{Format, clock},
    series::{self, Lines},
    table,
};

/// The page's look, for light and dark.
const STYLE: &str = "\
:root{--ink:#1c2126;--faint:#6a737d;--line:#dfe3e8;--page:#fff;--bar:#2f6fdb}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--faint:#98a2ad;--line:#353b43;--page:#16191d;--bar:#6ea0f5}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.2rem;overflow-wrap:anywhere}h2{font-size:1rem;margin-bottom:0}
figure{margin:1rem 0;overflow-x:auto}svg{width:100%;height:auto;min-width:30rem}
text{fill:var(--faint);font-size:12px}.grid{stroke:var(--line)}
div.table{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{padding:.3rem .8rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
th{position:sticky;top:0;background:var(--page)}.n{text-align:right;font-variant-numeric:tabular-nums}
.note{color:var(--faint)}.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .3em 0 1em}";
/// Colours of lines that are told apart on light and dark, and by those who see few colours (after Okabe and Ito).
const COLORS: [&str; series::SERIES_MAX] = ["#2f7fd0", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
/// Size of a chart, in the units of its drawing.
const CHART: (f64, f64) = (960.0, 260.0);
/// Room for the numbers at its left and the times below it.
const MARGIN: (f64, f64) = (70.0, 24.0);
/// Bars that are drawn.
const BARS_MAX: usize = 25;
const BAR_HEIGHT: f64 = 22.0;
const BAR_LABEL: f64 = 260.0;
/// Characters of a label beside a bar.
const LABEL_CHARS_MAX: usize = 36;

pub(super) fn text(answer: &Answer, title: &str) -> String {
    let title = escaped(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>\n{STYLE}\n</style></head><body>\n<h1>{title}</h1>\n"
    );
    for measure in series::measures(answer) {
        match series::lines(answer, measure) {
            Some(lines) => draw_lines(answer, &lines, &mut page),
            None if answer.rows.len() > 1 => draw_bars(answer, measure, &mut page),
            None => {}
        }
    }
    write_table(answer, &mut page);
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
    let ((width, height), (left, below)) = (CHART, MARGIN);
    let format = format(answer, lines.measure);
    let values = || lines.series.iter().flat_map(|series| series.values.iter().flatten().copied());
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let buckets = lines.series.first().map_or(1, |series| series.values.len());
    let x = |bucket: usize| left + bucket as f64 / (buckets.max(2) - 1) as f64 * (width - left - 10.0);
    let y = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        10.0 + (1.0 - share) * (height - below - 20.0)
    };
    page.push_str(&format!("<h2>{}", heading(answer, lines.measure)));
    for (place, series) in lines.series.iter().enumerate().filter(|_| lines.series.len() > 1) {
        let (color, label) = (COLORS[place], escaped(&series.label));
        page.push_str(&format!("<span class=\"key\" style=\"background:{color}\"></span>{label}"));
    }
    page.push_str(&format!("</h2>\n<figure><svg viewBox=\"0 0 {width} {height}\" role=\"img\">\n"));
    for value in [low, (low + high) / 2.0, high] {
        let (at, number) = (y(value), escaped(&format.text(&Cell::Float(value))));
        page.push_str(&format!(
            "<line class=\"grid\" x1=\"{left}\" x2=\"{width}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{number}</text>\n",
            left - 6.0,
            at + 4.0,
        ));
    }
    for (bucket, anchor) in [(0, "start"), (buckets - 1, "end")] {
        let time = clock(lines.begin_ns.saturating_add(lines.every_ns.saturating_mul(bucket as i64)));
        page.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{time}</text>\n",
            x(bucket),
            height - 6.0
        ));
    }
    for (place, series) in lines.series.iter().enumerate() {
        let mut path = String::new();
        let mut is_drawn = false;
        for (bucket, value) in series.values.iter().enumerate() {
            if let Some(value) = value {
                let step = if is_drawn { 'L' } else { 'M' };
                path.push_str(&format!("{step}{:.1} {:.1}", x(bucket), y(*value)));
            }
            is_drawn = value.is_some();
        }
        let (color, label) = (COLORS[place], escaped(&series.label));
        page.push_str(&format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-linecap=\"round\"><title>{label}</title></path>\n"
        ));
    }
    page.push_str("</svg></figure>\n");
    if lines.hidden > 0 {
        page.push_str(&format!("<p class=\"note\">and {} smaller ones</p>\n", lines.hidden));
    }
}

fn draw_bars(answer: &Answer, measure: usize, page: &mut String) {
    let format = format(answer, measure);
    let shown = answer.rows.len().min(BARS_MAX);
    let most = answer.rows.iter().filter_map(|row| row[measure].number()).fold(0.0, f64::max);
    if most <= 0.0 || !most.is_finite() {
        return;
    }
    let (width, height) = (CHART.0, shown as f64 * BAR_HEIGHT);
    let heading = heading(answer, measure);
    page.push_str(&format!(
        "<h2>{heading}</h2>\n<figure><svg viewBox=\"0 0 {width} {height}\" role=\"img\">\n"
    ));
    for row in 0..shown {
        let cell = &answer.rows[row][measure];
        let share = (cell.number().unwrap_or(0.0) / most).clamp(0.0, 1.0);
        let length = share * (width - BAR_LABEL - 110.0);
        let top = row as f64 * BAR_HEIGHT;
        let label: String = series::label(answer, row).chars().take(LABEL_CHARS_MAX).collect();
        page.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{BAR_LABEL}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"{:.1}\" fill=\"var(--bar)\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            BAR_LABEL - 8.0,
            top + 15.0,
            escaped(&label),
            top + 3.0,
            BAR_HEIGHT - 6.0,
            BAR_LABEL + length + 6.0,
            top + 15.0,
            escaped(&format.text(cell)),
        ));
    }
    page.push_str("</svg></figure>\n");
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
            page.push_str(&format!("<td{}>{}</td>", class(place), escaped(&formats[place].text(cell))));
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
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http"), "{page}");
        assert!(
            page.contains("<td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td class=\"n\">1</td>"),
            "{page}"
        );
        assert!(page.contains("<rect"), "bars: {page}");
    }

    #[test]
    fn lines_break_where_there_is_nothing() {
        let page = text(&series::tests::answer(), "t");
        // The second series has no middle bucket: it begins anew.
        assert_eq!(page.matches("<path").count(), 2);
        let second = page.split("<path").nth(2).unwrap();
        assert_eq!(second.split('"').nth(1).unwrap().matches('M').count(), 2, "{second}");
    }
}
