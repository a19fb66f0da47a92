//! An answer to the permission prompt, typed in the terminal.
//!
//! Lives here: reading one. Does not live here: what it does.

/// What was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedAnswer {
    Allow,
    /// Don't Allow.
    Deny,
}

/// What a line means: `a…` or `y…` allows, `d…` or `n…` denies; anything else is asked again.
pub fn read(line: &str) -> Option<TypedAnswer> {
    match line.trim().chars().next()?.to_ascii_lowercase() {
        'a' | 'y' => Some(TypedAnswer::Allow),
        'd' | 'n' => Some(TypedAnswer::Deny),
        _ => None,
    }
}

/// Waits for an answer on standard input; for ever once that has ended. The reading thread ends with the process:
/// a blocking read of a terminal cannot be taken back.
pub async fn from_terminal() -> TypedAnswer {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let answer = std::io::stdin().lines().map_while(Result::ok).find_map(|line| read(&line));
        if let Some(answer) = answer {
            // Nobody listens any more where the desktop was faster.
            let _ = sender.send(answer);
        }
    });
    match receiver.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_decides() {
        for (line, answer) in [
            ("allow", Some(TypedAnswer::Allow)),
            (" A\n", Some(TypedAnswer::Allow)),
            ("yes", Some(TypedAnswer::Allow)),
            ("Don't Allow", Some(TypedAnswer::Deny)),
            ("n", Some(TypedAnswer::Deny)),
            ("", None),
            ("maybe", None),
        ] {
            assert_eq!(read(line), answer, "{line}");
        }
    }
}
