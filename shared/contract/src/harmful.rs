//! The one list of characters that are not shown as others sent them.
//!
//! Lives here: which they are. Does not live here: what takes their place, which differs by where text goes.

/// Whether a character can control a terminal or the order in which text reads (contract 3), or is none that XML allows.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        // Marks and controls of direction, and the separators of lines and paragraphs, which some programs break lines at.
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        // XML 1.0 has no way to say these two, and desktops build their cards with it.
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}
