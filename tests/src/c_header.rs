//! What a C header that `cbindgen` wrote declares.

/// A function of a header.
#[derive(Debug)]
pub struct Function<'h> {
    /// Its name.
    pub name: &'h str,
    /// The whole declaration, without its semicolon.
    pub declaration: &'h str,
    /// What it returns: a type's name, or `pointer`.
    pub returns: &'h str,
    /// Its parameters, each with type and name.
    pub parameters: Vec<&'h str>,
}

/// All functions a header declares.
pub fn functions(header: &str) -> Vec<Function<'_>> {
    let declarations = header.split(';').filter_map(|piece| {
        let text = piece.rsplit_once('\n').map_or(piece, |_| piece);
        // A declaration follows comments; a callback's type has `typedef` before it.
        let start = text.lines().find(|line| is_declaration(line))?;
        let at = text.find(start)?;
        let text = &text[at..];
        let (head, parameters) = text.split_once('(')?;
        let (returns, name) = head.rsplit_once([' ', '*'])?;
        let returns = if head.contains('*') { "pointer" } else { returns.trim() };
        let parameters = parameters.trim_end().trim_end_matches(')');
        let parameters = parameters.split(',').map(str::trim).filter(|one| *one != "void");
        Some(Function { name, declaration: text.trim_end(), returns, parameters: parameters.collect() })
    });
    declarations.collect()
}

fn is_declaration(line: &str) -> bool {
    !line.starts_with([' ', '/', '#', '}', '*'])
        && line.contains(" formwork_") | line.contains("*formwork_")
        && line.contains('(')
        && !line.starts_with("typedef")
}
