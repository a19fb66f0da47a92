//! The primitives of MQTT's encoding, read from a slice.
//!
//! Lives here: numbers, texts and bytes with their lengths. Does not live here: any packet.

use super::Fault;

const SHORT: Fault = Fault::malformed("a packet ended too early");

/// What is left of a packet.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// There are fewer.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        // Every length comes from the client: nothing here may be able to panic.
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    /// One byte.
    ///
    /// # Errors
    /// There is none.
    pub fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.rest.split_first().ok_or(SHORT)?;
        self.rest = rest;
        Ok(byte)
    }

    /// A two byte integer.
    ///
    /// # Errors
    /// There are fewer bytes.
    pub fn two_bytes(&mut self) -> Result<u16, Fault> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(SHORT)?;
        self.rest = rest;
        Ok(u16::from_be_bytes(*bytes))
    }

    /// A four byte integer.
    ///
    /// # Errors
    /// There are fewer bytes.
    pub fn four_bytes(&mut self) -> Result<u32, Fault> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(SHORT)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    /// A variable byte integer.
    ///
    /// # Errors
    /// It has more than four bytes, or there are fewer.
    pub fn variable(&mut self) -> Result<u32, Fault> {
        let mut number = 0;
        for index in 0..4 {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::malformed("a variable byte integer had more than four bytes"))
    }

    /// Bytes with their length before them.
    ///
    /// # Errors
    /// There are fewer.
    pub fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.two_bytes()?;
        self.take(usize::from(length))
    }

    /// A text with its length before it.
    ///
    /// # Errors
    /// It is not UTF-8, or holds U+0000, which MQTT forbids (1.5.4).
    pub fn text(&mut self) -> Result<&'a str, Fault> {
        let text = str::from_utf8(self.binary()?).map_err(|_| Fault::malformed("a text was not UTF-8"))?;
        if text.contains('\0') { Err(Fault::malformed("a text held U+0000")) } else { Ok(text) }
    }

    /// A packet id, which is never 0.
    ///
    /// # Errors
    /// It is 0, or there are fewer bytes.
    pub fn packet_id(&mut self) -> Result<u16, Fault> {
        match self.two_bytes()? {
            0 => Err(Fault::protocol("a packet id was 0")),
            id => Ok(id),
        }
    }
}
