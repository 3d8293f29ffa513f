//! A macro for the trade's closed lists of words: an enum, its names in data, and how to read them.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// Its name in data.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::ids::IdError;
            fn from_str(text: &str) -> Result<Self, crate::ids::IdError> {
                $name::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| crate::ids::IdError {
                    what: $what,
                    found: text.chars().take(80).collect(),
                    wanted: concat!("one of", $(" ", $text),*),
                })
            }
        }
    };
}
pub(crate) use words;
