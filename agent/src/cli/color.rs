//! `--color`: whether pages, errors, help and log lines have colours.
//!
//! Lives here: the option, and the arguments' word for it before they are read. Does not live here: the tones (`page`).

use std::ffi::OsString;

/// When there are colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorOption {
    /// On a terminal, unless NO_COLOR or TERM=dumb says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorOption {
    /// Takes it for everything that this process prints from now on.
    pub fn apply(self) {
        match self {
            Self::Auto => {}
            Self::Always => anstream::ColorChoice::Always.write_global(),
            Self::Never => anstream::ColorChoice::Never.write_global(),
        }
    }

    /// The same for help pages.
    pub fn of_help(self) -> clap::ColorChoice {
        match self {
            Self::Auto => clap::ColorChoice::Auto,
            Self::Always => clap::ColorChoice::Always,
            Self::Never => clap::ColorChoice::Never,
        }
    }

    /// Whether titles may lead to their addresses, by a code of the terminal's too.
    pub fn takes_hyperlinks(self) -> bool {
        self != Self::Never
    }
}

/// What the arguments say, also where they make no sense as a whole: the error about them has colours or none.
pub fn of_arguments(args: &[OsString]) -> ColorOption {
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).take_while(|arg| arg != "--").collect();
    let behind = args.windows(2).rev().find_map(|pair| (pair[0] == "--color").then(|| pair[1].to_string()));
    let joined = args.iter().rev().find_map(|arg| Some(arg.strip_prefix("--color=")?.to_owned()));
    match behind.or(joined).as_deref() {
        Some("always") => ColorOption::Always,
        Some("never") => ColorOption::Never,
        _ => ColorOption::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_say_it_before_they_are_read() {
        let of = |line: &str| of_arguments(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("portal-agent status --color always"), ColorOption::Always);
        assert_eq!(of("portal-agent --color=never nonsense"), ColorOption::Never);
        assert_eq!(of("portal-agent push -- --color always"), ColorOption::Auto);
        assert_eq!(of("portal-agent status"), ColorOption::Auto);
    }
}
