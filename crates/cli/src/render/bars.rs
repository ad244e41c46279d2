//! Bars and sparklines of characters.

/// Eighths of a column, from the left.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/// Heights of a sparkline, lowest first.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar as long as its share of the room; what is not nothing is seen.
pub(crate) fn bar(share: f64, room: usize) -> String {
    if share.is_nan() || share <= 0.0 {
        return String::new();
    }
    let eighths = ((share.min(1.0) * (room * 8) as f64).round() as usize).max(1);
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}

/// A bar that begins and ends at these shares of the room, at least a column long.
pub(crate) fn span_bar(begin: f64, end: f64, room: usize, fill: char) -> String {
    let column = |share: f64| (share.clamp(0.0, 1.0) * room as f64) as usize;
    let from = column(begin).min(room.saturating_sub(1));
    let to = ((end.clamp(0.0, 1.0) * room as f64).ceil() as usize).clamp(from + 1, room.max(from + 1));
    format!(
        "{}{}{}",
        " ".repeat(from),
        fill.to_string().repeat(to - from),
        " ".repeat(room.saturating_sub(to))
    )
}

/// A line of heights between zero (or the lowest, where that is below) and the highest; a blank where there is nothing.
pub(crate) fn sparkline(values: &[Option<f64>]) -> String {
    let finite = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
    let height = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        HEIGHTS[((share * 7.0).round() as usize).min(7)]
    };
    values.iter().map(|value| value.filter(|value| value.is_finite()).map_or(' ', height)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_eighths() {
        for (share, expected) in
            [(0.0, ""), (0.001, "▏"), (0.5, "██"), (0.53, "██▏"), (1.0, "████"), (7.0, "████")]
        {
            assert_eq!(bar(share, 4), expected, "{share}");
        }
        assert_eq!(bar(f64::NAN, 4), "");
    }

    #[test]
    fn spans_lie_where_they_were_and_are_always_seen() {
        assert_eq!(span_bar(0.0, 1.0, 4, '━'), "━━━━");
        assert_eq!(span_bar(0.5, 0.5, 4, '━'), "  ━ ");
        assert_eq!(span_bar(1.0, 1.0, 4, '━'), "   ━");
        assert_eq!(span_bar(0.25, 0.75, 4, '━'), " ━━ ");
    }

    #[test]
    fn sparklines_begin_at_zero() {
        assert_eq!(sparkline(&[Some(0.0), Some(5.0), None, Some(10.0)]), "▁▅ █");
        assert_eq!(sparkline(&[Some(3.0), Some(3.0)]), "██");
        assert_eq!(sparkline(&[Some(f64::NAN), Some(0.0)]), " ▁");
    }
}
