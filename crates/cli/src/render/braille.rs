//! Lines of braille dots: two columns and four rows of dots in every character.

/// Where the dots of a character are, by column and row, as bits of its code.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// The character without dots.
const BLANK: u32 = 0x2800;

/// A field of dots.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    /// Dots of each character, and the series that drew there last.
    cells: Vec<(u8, usize)>,
}

impl Canvas {
    /// So many characters.
    pub(super) fn new(columns: usize, rows: usize) -> Canvas {
        Canvas { columns, rows, cells: vec![(0, 0); columns * rows] }
    }

    /// Dots from left to right.
    pub(super) fn width(&self) -> usize {
        self.columns * 2
    }

    /// Dots from bottom to top.
    pub(super) fn height(&self) -> usize {
        self.rows * 4
    }

    /// One dot, counted from the lower left; outside, none.
    pub(super) fn dot(&mut self, x: usize, y: usize, series: usize) {
        if x >= self.width() || y >= self.height() {
            return;
        }
        let from_top = self.height() - 1 - y;
        let cell = &mut self.cells[from_top / 4 * self.columns + x / 2];
        *cell = (cell.0 | DOTS[x % 2][from_top % 4], series);
    }

    /// A straight line of dots.
    pub(super) fn line(&mut self, from: (usize, usize), to: (usize, usize), series: usize) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let between = |a: usize, b: usize, step: usize| {
            (a as f64 + (b as f64 - a as f64) * step as f64 / steps as f64).round() as usize
        };
        for step in 0..=steps {
            self.dot(between(from.0, to.0, step), between(from.1, to.1, step), series);
        }
    }

    /// The characters of a row, from the top: each with the series that drew it, if one did.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (char, Option<usize>)> {
        self.cells[row * self.columns..(row + 1) * self.columns].iter().map(|(dots, series)| {
            let shown = char::from_u32(BLANK + u32::from(*dots)).unwrap_or(' ');
            if *dots == 0 { (' ', None) } else { (shown, Some(*series)) }
        })
    }

    /// How many rows of characters.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(canvas: &Canvas) -> String {
        let row = |row| canvas.row(row).map(|(c, _)| c).collect::<String>();
        (0..canvas.rows()).map(row).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_line_goes_from_corner_to_corner() {
        let mut canvas = Canvas::new(4, 2);
        canvas.line((0, 0), (7, 7), 0);
        assert_eq!(shown(&canvas), "  ⡠⠊\n⡠⠊  ");
    }

    #[test]
    fn dots_outside_are_none() {
        let mut canvas = Canvas::new(1, 1);
        canvas.dot(2, 0, 0);
        canvas.dot(0, 4, 0);
        assert_eq!(shown(&canvas), " ");
        canvas.dot(0, 3, 0);
        canvas.dot(1, 0, 3);
        assert_eq!(shown(&canvas), "⢁");
        assert_eq!(canvas.row(0).next().unwrap().1, Some(3));
    }
}
