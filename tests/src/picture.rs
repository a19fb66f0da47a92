//! Pictures as red, green and blue, made small and compared.
//!
//! Lives here: PNG in and out, cutting, scaling, and how far two pictures are apart. Does not live here: taking one (`browser`),
//! what far is (the test that compares).

use std::io::Cursor;

use anyhow::{Context, Result, bail, ensure};

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    /// Three bytes a pixel, row by row.
    rgb: Vec<u8>,
}

/// How far two pictures are apart where they are furthest apart.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Distance {
    /// The mean of all channels' differences in one square, of 255.
    pub mean: f64,
    /// The square's left upper pixel.
    pub at: (usize, usize),
}

impl Picture {
    /// A picture of one colour.
    #[must_use]
    pub fn plain(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self { width, height, rgb: colour.repeat(width * height) }
    }

    /// Reads a PNG; what is see-through in it is taken as it is.
    ///
    /// # Errors
    /// It is none, or has shades of grey alone.
    pub fn from_png(bytes: &[u8]) -> Result<Self> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info()?;
        let mut data = vec![0; reader.output_buffer_size().context("a picture that fits")?];
        let info = reader.next_frame(&mut data)?;
        data.truncate(info.buffer_size());
        let rgb = match info.color_type {
            png::ColorType::Rgb => data,
            png::ColorType::Rgba => data.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
            other => bail!("a picture of {other:?}"),
        };
        Ok(Self { width: info.width as usize, height: info.height as usize, rgb })
    }

    /// As a PNG.
    ///
    /// # Errors
    /// It has no pixel.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(self.width)?, u32::try_from(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header()?.write_image_data(&self.rgb)?;
        Ok(bytes)
    }

    /// How wide and high it is.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// A part of it.
    ///
    /// # Errors
    /// It is not within the picture.
    pub fn part(&self, (left, top): (usize, usize), (width, height): (usize, usize)) -> Result<Self> {
        ensure!(
            left + width <= self.width && top + height <= self.height,
            "{width} by {height} from {left}, {top} on are not within {} by {}",
            self.width,
            self.height
        );
        let mut rgb = Vec::with_capacity(width * height * 3);
        for row in top..top + height {
            let begin = (row * self.width + left) * 3;
            rgb.extend_from_slice(&self.rgb[begin..begin + width * 3]);
        }
        Ok(Self { width, height, rgb })
    }

    /// Lays another one onto it.
    ///
    /// # Errors
    /// It does not fit there.
    pub fn lay(&mut self, (left, top): (usize, usize), other: &Self) -> Result<()> {
        ensure!(left + other.width <= self.width && top + other.height <= self.height, "it does not fit");
        for (row, pixels) in other.rgb.chunks_exact(other.width * 3).enumerate() {
            let begin = ((top + row) * self.width + left) * 3;
            self.rgb[begin..begin + pixels.len()].copy_from_slice(pixels);
        }
        Ok(())
    }

    /// It at a smaller size, each pixel the mean of those that it stands for.
    ///
    /// # Errors
    /// The size is not smaller.
    pub fn scaled_down(&self, width: usize, height: usize) -> Result<Self> {
        ensure!((1..=self.width).contains(&width) && (1..=self.height).contains(&height), "{width} by {height}");
        let mut rgb = Vec::with_capacity(width * height * 3);
        for row in 0..height {
            let rows = row * self.height / height..(row + 1) * self.height / height;
            for column in 0..width {
                let columns = column * self.width / width..(column + 1) * self.width / width;
                let mut sums = [0_usize; 3];
                for row in rows.clone() {
                    for pixel in self.rgb[(row * self.width + columns.start) * 3..(row * self.width + columns.end) * 3]
                        .chunks_exact(3)
                    {
                        for (sum, value) in sums.iter_mut().zip(pixel) {
                            *sum += usize::from(*value);
                        }
                    }
                }
                let count = rows.len() * columns.len();
                rgb.extend(sums.map(|sum| ((sum + count / 2) / count) as u8));
            }
        }
        Ok(Self { width, height, rgb })
    }

    /// It with each pixel as a square of so many, to look at.
    #[must_use]
    pub fn enlarged(&self, times: usize) -> Self {
        let row = |pixels: &[u8]| -> Vec<u8> { pixels.chunks_exact(3).flat_map(|pixel| pixel.repeat(times)).collect() };
        let rgb = self.rgb.chunks_exact(self.width * 3).flat_map(|pixels| row(pixels).repeat(times)).collect();
        Self { width: self.width * times, height: self.height * times, rgb }
    }

    /// What differs, the brighter the more.
    ///
    /// # Errors
    /// They differ in size.
    pub fn difference(&self, other: &Self) -> Result<Self> {
        ensure!(self.size() == other.size(), "{:?} and {:?}", self.size(), other.size());
        let brighter = |(one, two): (&u8, &u8)| one.abs_diff(*two).saturating_mul(3);
        let rgb = self.rgb.iter().zip(&other.rgb).map(brighter).collect();
        Ok(Self { rgb, ..*self })
    }

    /// How far they are apart in the square, of so many pixels a side, in which they are furthest apart. The mean of the whole would
    /// let a button pass that is gone, and a single pixel is as far apart in another font.
    ///
    /// # Errors
    /// They differ in size, or are smaller than the square.
    pub fn distance(&self, other: &Self, side: usize) -> Result<Distance> {
        ensure!(self.size() == other.size(), "{:?} and {:?}", self.size(), other.size());
        ensure!((1..=self.width.min(self.height)).contains(&side), "a square of {side} in {:?}", self.size());
        let differences: Vec<u32> = self
            .rgb
            .chunks_exact(3)
            .zip(other.rgb.chunks_exact(3))
            .map(|(one, two)| one.iter().zip(two).map(|(one, two)| u32::from(one.abs_diff(*two))).sum())
            .collect();
        let mut furthest = (0, (0, 0));
        for top in 0..=self.height - side {
            for left in 0..=self.width - side {
                let rows = (top..top + side).map(|row| &differences[row * self.width + left..][..side]);
                let sum: u32 = rows.flatten().sum();
                if sum > furthest.0 {
                    furthest = (sum, (left, top));
                }
            }
        }
        Ok(Distance { mean: f64::from(furthest.0) / (3 * side * side) as f64, at: furthest.1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_written_and_read_cut_and_laid() -> Result<()> {
        let mut whole = Picture::plain(8, 6, [10, 20, 30]);
        whole.lay((2, 1), &Picture::plain(3, 4, [200, 100, 0]))?;
        let read = Picture::from_png(&whole.to_png()?)?;
        assert_eq!(read, whole);
        assert_eq!(read.part((2, 1), (3, 4))?, Picture::plain(3, 4, [200, 100, 0]));
        assert!(read.part((6, 0), (3, 1)).is_err() && whole.lay((7, 0), &read).is_err());
        assert_eq!(read.enlarged(3).scaled_down(8, 6)?, read);
        Ok(())
    }

    #[test]
    fn a_small_pixel_is_the_mean_of_its_large_ones() -> Result<()> {
        let mut large = Picture::plain(5, 4, [0, 0, 0]);
        large.lay((0, 0), &Picture::plain(1, 4, [100, 40, 8]))?;
        assert_eq!(large.scaled_down(2, 1)?, {
            let mut small = Picture::plain(2, 1, [0, 0, 0]);
            small.lay((0, 0), &Picture::plain(1, 1, [50, 20, 4]))?;
            small
        });
        Ok(())
    }

    #[test]
    fn pictures_are_as_far_apart_as_the_square_in_which_they_are_furthest() -> Result<()> {
        let one = Picture::plain(20, 20, [50, 50, 50]);
        let mut two = one.clone();
        two.lay((12, 7), &Picture::plain(2, 2, [150, 50, 50]))?;
        assert_eq!(one.distance(&one, 4)?.mean, 0.0);
        let apart = one.distance(&two, 2)?;
        assert_eq!((apart.at, apart.mean), ((12, 7), 100.0 / 3.0));
        assert_eq!(one.distance(&two, 4)?.mean, 100.0 / 12.0);
        assert_eq!(one.difference(&two)?.part((12, 7), (2, 2))?, Picture::plain(2, 2, [255, 0, 0]));
        assert!(one.distance(&Picture::plain(20, 19, [0; 3]), 4).is_err());
        Ok(())
    }
}
