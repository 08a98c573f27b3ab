/// A character set of one byte a character, whose lower half is ASCII.
#[derive(Debug)]
pub(super) struct SingleByte {
    pub(super) name: &'static str,
    /// The 128 characters from 0x80 on.
    pub(super) high: &'static str,
}

impl SingleByte {
    /// The characters by byte, less 0x80.
    pub(super) fn characters(&self) -> [char; 128] {
        let mut characters = [char::REPLACEMENT_CHARACTER; 128];
        for (place, c) in characters.iter_mut().zip(self.high.chars()) {
            *place = c;
        }
        characters
    }
}
