//! How long a step takes. The only place of xtask that reads a clock.

use std::fmt;
use std::time::Instant;

/// A running measurement.
pub struct Watch(Instant);

impl Watch {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "xtask is a program: it shows how long its steps take")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start, for people.
    pub fn taken(&self) -> Taken {
        Taken { tenths: (self.0.elapsed().as_millis() / 100) as u64 }
    }
}

/// A length of time, shown as `12.3 s` or `4 min 05 s`.
pub struct Taken {
    tenths: u64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.tenths / 10;
        match seconds {
            0..60 => write!(f, "{seconds}.{} s", self.tenths % 10),
            _ => write!(f, "{} min {:02} s", seconds / 60, seconds % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_have_tenths_and_long_ones_minutes() {
        assert_eq!(Taken { tenths: 123 }.to_string(), "12.3 s");
        assert_eq!(Taken { tenths: 2459 }.to_string(), "4 min 05 s");
    }
}
