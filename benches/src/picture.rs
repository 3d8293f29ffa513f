//! Growth as a picture: what a return, a question and an idle session take, by how many documents are held.
//! Both axes are logarithmic; the legend is in Chinese and English.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, ensure};
use serde::Deserialize;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 80.0;
const BOTTOM: f64 = 50.0;
const TOP: f64 = 20.0;
/// For the legend.
const RIGHT: f64 = 230.0;
/// 1,000 to 1,000,000 documents; 0.1 ms to 100 ms.
const X: (f64, f64) = (3.0, 6.0);
const Y: (f64, f64) = (2.0, 5.0);

/// A figure's name before its size, what follows the size, the legend, the colour.
const SERIES: &[(&str, &str, &str, &str)] = &[
    ("growth: record, ", " documents", "退货入账 · record", "#c0392b"),
    ("growth: return show, ", " documents", "查退货 · return show", "#2471a3"),
    ("growth: stock show, ", " documents", "查库存 · stock show", "#229954"),
    ("idle, a branch's, ", " documents: time", "空闲同步 · idle session", "#7d3c98"),
];

/// What is needed of a figure's line.
#[derive(Deserialize)]
struct Line {
    name: String,
    value: f64,
}

/// The picture, as SVG.
///
/// # Errors
/// When a line isn't a figure's, or none is about growth.
pub fn draw(lines: &str) -> Result<String> {
    let mut points: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let Line { name, value } = serde_json::from_str(line)?;
        for (n, (before, after, _, _)) in SERIES.iter().enumerate() {
            let size = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            if let Some(size) = size.and_then(|size| size.parse::<f64>().ok()) {
                points.entry(n).or_default().push((size, value));
            }
        }
    }
    ensure!(
        !points.is_empty(),
        "no figure of growth is in the file: measure `growth` and `idle` with --json"
    );
    let x = |documents: f64| LEFT + (documents.log10() - X.0) / (X.1 - X.0) * (WIDTH - LEFT - RIGHT);
    let y = |us: f64| HEIGHT - BOTTOM - (us.log10() - Y.0) / (Y.1 - Y.0) * (HEIGHT - BOTTOM - TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    for (power, label) in [(3, "1,000"), (4, "10,000"), (5, "100,000"), (6, "1,000,000")] {
        let at = x(10_f64.powi(power));
        writeln!(
            svg,
            "<line x1=\"{at}\" y1=\"{TOP}\" x2=\"{at}\" y2=\"{0}\" stroke=\"#ddd\"/>\
             <text x=\"{at}\" y=\"{1}\" text-anchor=\"middle\">{label}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 18.0
        )?;
    }
    for (power, label) in [(2, "0.1 ms"), (3, "1 ms"), (4, "10 ms"), (5, "100 ms")] {
        let at = y(10_f64.powi(power));
        writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{at}\" x2=\"{0}\" y2=\"{at}\" stroke=\"#ddd\"/>\
             <text x=\"{1}\" y=\"{2}\" text-anchor=\"end\">{label}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        )?;
    }
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">单据数 · documents held</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 12.0
    )?;
    for (n, mut line) in points {
        let (_, _, legend, colour) = SERIES[n];
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        let path: Vec<String> = line.iter().map(|(d, us)| format!("{:.1},{:.1}", x(*d), y(*us))).collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        )?;
        for point in &path {
            let (px, py) = point.split_once(',').unwrap_or_default();
            writeln!(svg, "<circle cx=\"{px}\" cy=\"{py}\" r=\"3\" fill=\"{colour}\"/>")?;
        }
        let at = TOP + 20.0 + 24.0 * n as f64;
        writeln!(svg, "<text x=\"{}\" y=\"{at}\" fill=\"{colour}\">{legend}</text>", WIDTH - RIGHT + 16.0)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten times the documents stand a third of the axis further; what takes as long stands as high.
    #[test]
    fn what_does_not_grow_is_a_level_line() {
        let line = |size: u64| format!("{{\"name\":\"growth: record, {size} documents\",\"value\":1000.0}}");
        let svg = draw(&format!("{}\n{}\n", line(10_000), line(1_000))).unwrap();
        assert!(svg.contains("points=\"80.0,253.3 216.7,253.3\""), "{svg}");
        assert!(draw("{\"name\":\"push\",\"value\":1}").is_err());
    }
}
