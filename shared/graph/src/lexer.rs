//! The words of a `$filter`.
//!
//! Lives here: from characters to tokens. Does not live here: what they mean (`filter`).

use crate::answer::GraphError;
use crate::filter::wrong;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// A text in single quotation marks, unescaped.
    Text(String),
    Open,
    Close,
    Comma,
}

/// Takes a text apart.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, GraphError> {
    let mut found = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '(' => found.push(Token::Open),
            ')' => found.push(Token::Close),
            ',' => found.push(Token::Comma),
            '\'' => {
                let mut quoted = String::new();
                loop {
                    match characters.next() {
                        // Two of them stand for one.
                        Some('\'') if characters.peek() == Some(&'\'') => {
                            characters.next();
                            quoted.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => quoted.push(other),
                        None => return Err(wrong("a quotation mark is not closed")),
                    }
                }
                found.push(Token::Text(quoted));
            }
            space if space.is_whitespace() => {}
            first => {
                let mut word = String::from(first);
                while let Some(next) = characters.peek().filter(|next| is_of_a_word(**next)) {
                    word.push(*next);
                    characters.next();
                }
                found.push(Token::Word(word));
            }
        }
    }
    Ok(found)
}

fn is_of_a_word(character: char) -> bool {
    !character.is_whitespace() && !matches!(character, '(' | ')' | ',' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_texts_and_marks_are_told_apart() {
        let word = |text: &str| Token::Word(text.to_owned());
        let expected = vec![
            word("contains"),
            Token::Open,
            word("a/b"),
            Token::Comma,
            Token::Text("it's".to_owned()),
            Token::Close,
        ];
        assert_eq!(tokens("contains(a/b, 'it''s')").unwrap(), expected);
        assert_eq!(tokens("  ").unwrap(), []);
        assert!(tokens("'open").is_err());
    }
}
