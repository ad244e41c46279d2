//! Operations, flows and volume: any lines of any format are gathered without a panic, and give the same however they are cut.

use trine_query::{
    flow::Finder,
    operations::{Operations, Settings},
    scan::{
        foreign::{FORMATS, Format},
        input::{Input, Options, scan},
    },
    volume::Volume,
};

/// The id whose flow is looked for; seeds have it.
const ID: &str = "r1";

/// See the module. The first byte chooses the format, the second how lines are dealt out; the rest are lines.
pub fn run(data: &[u8]) {
    let [format, deal, lines @ ..] = data else { return };
    let format = &FORMATS[usize::from(*format) % FORMATS.len()];
    let lines: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, two): (Vec<_>, Vec<_>) =
        lines.iter().enumerate().partition(|(place, _)| deal.rotate_left(*place as u32) & 1 == 0);
    let bytes = |part: Vec<(usize, &&[u8])>| part.into_iter().flat_map(|(_, line)| line.to_vec()).collect();
    let (one, two): (Vec<u8>, Vec<u8>) = (bytes(one), bytes(two));
    let whole = lines.concat();
    operations(&whole, [&two, &one], format);
    volume(&whole, [&two, &one], format);
    flow(whole, format);
}

fn operations(whole: &[u8], parts: [&[u8]; 2], format: &'static Format) {
    let settings = Settings { has_texts: true, ..Settings::default() };
    let of = |bytes: &[u8]| {
        let mut operations = Operations::new(settings.clone());
        operations.feed(bytes, format);
        operations
    };
    let mut merged = of(parts[0]);
    merged.merge(of(parts[1]));
    assert_eq!(merged.report(None), of(whole).report(None));
}

fn volume(whole: &[u8], parts: [&[u8]; 2], format: &'static Format) {
    let of = |bytes: &[u8]| {
        let mut volume = Volume::default();
        volume.feed(bytes, format);
        volume
    };
    let mut merged = of(parts[0]);
    merged.merge(of(parts[1]));
    let whole = of(whole);
    assert_eq!((merged.events(), merged.fields()), (whole.events(), whole.fields()));
    assert_eq!(
        (merged.bytes(), merged.lines(), merged.broken()),
        (whole.bytes(), whole.lines(), whole.broken())
    );
}

fn flow(whole: Vec<u8>, format: &'static Format) {
    let finder = Finder::new(ID, None);
    let options = Options { threads: 1, ..Options::default() };
    let input = Input::reader("lines", std::io::Cursor::new(whole));
    let found = scan(&input, &options, || finder.begin(), |found, block| finder.feed(found, block, format));
    let flow = finder.finish(found.states);
    assert!(flow.nodes.first().is_none_or(|node| node.depth == 0));
    assert!(flow.nodes.windows(2).all(|pair| pair[1].depth <= pair[0].depth + 1));
}
