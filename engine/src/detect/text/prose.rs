//! Marks of the light markup languages, counted line by line.

/// The most lines that are looked at.
const LINES: usize = 1500;
/// The most that one kind of mark counts, so that one habit of a writer does not decide.
const MOST: u32 = 6;

/// How much speaks for each kind.
#[derive(Default)]
pub(super) struct Marks {
    /// Markdown (CommonMark 0.31).
    pub(super) md: u32,
    /// reStructuredText (Docutils specification).
    pub(super) rst: u32,
    /// TeX and LaTeX.
    pub(super) tex: u32,
    /// Whether it reads as a program.
    pub(super) program: bool,
}

/// One kind of mark: how many were seen, and what each is worth.
#[derive(Default)]
struct Tally {
    headings: u32,
    close_headings: u32,
    lists: u32,
    fences: u32,
    links: u32,
    emphasis: u32,
    rules: u32,
    underlines: u32,
    directives: u32,
    roles: u32,
    literals: u32,
    commands: u32,
    preamble: u32,
}

impl Marks {
    /// Counts the marks in `text`.
    pub(super) fn of(text: &str) -> Marks {
        // Old Macintosh text ends its lines with CR alone.
        let end = if text.contains('\n') { '\n' } else { '\r' };
        let lines: Vec<&str> = text.split(end).map(|line| line.trim_end_matches('\r')).take(LINES).collect();
        let mut tally = Tally::default();
        let mut before = "";
        for (at, line) in lines.iter().enumerate() {
            let after = lines.get(at + 1).copied().unwrap_or_default();
            tally.underlines += u32::from(is_underlined(line, after));
            // A heading stands alone; lines with a hash next to others are comments of a settings file.
            let alone = before.trim().is_empty() && after.trim().is_empty();
            tally.headings += u32::from(alone && is_heading(line));
            tally.close_headings +=
                u32::from(!before.starts_with('#') && !after.starts_with('#') && is_heading(line));
            before = line;
        }
        for line in &lines {
            tally.note_markdown(line);
            tally.note_restructured(line);
            tally.note_tex(line);
        }
        let front_matter =
            lines.first() == Some(&"---") && lines.iter().skip(1).take(60).any(|line| *line == "---");
        tally.weigh(front_matter, reads_as_program(&lines))
    }
}

impl Tally {
    fn weigh(&self, front_matter: bool, program: bool) -> Marks {
        let most = |count: u32, each: u32| (count * each).min(MOST);
        let rst = most(self.directives, 4) + most(self.roles, 3) + most(self.literals, 1);
        let md = most(self.headings, 3)
            + most(self.fences, 3)
            + most(self.links, 2)
            + most(self.rules, 3)
            + if front_matter { 2 } else { 0 };
        // Plain text has lists, bold words and underlined headings too: alone they prove nothing.
        let habits = most(self.close_headings, 1) / 2 + most(self.emphasis, 1) + most(self.lists, 1) / 2;
        let underlines = most(self.underlines, 2);
        Marks {
            md: if md > 0
                || self.close_headings > 0 && self.emphasis + self.lists > 2
                || (rst == 0 && underlines > 0 && self.emphasis > 0)
            {
                md + habits + underlines
            } else {
                0
            },
            rst: if rst > 0 { rst + underlines } else { 0 },
            tex: most(self.preamble, 4) + most(self.commands, 2),
            program: program && self.fences == 0,
        }
    }

    fn note_markdown(&mut self, line: &str) {
        let trimmed = line.trim_start();
        self.fences += u32::from(trimmed.starts_with("```") || trimmed.starts_with("~~~"));
        let bullet = ["- ", "* ", "+ "].iter().any(|mark| trimmed.starts_with(mark));
        self.lists += u32::from(bullet || is_numbered(trimmed) || trimmed.starts_with("> "));
        let link = line.contains("](") || trimmed.starts_with('[') && line.contains("]: ");
        self.links += u32::from(link);
        self.emphasis += u32::from(line.matches("**").count() >= 2 || line.matches('`').count() == 2);
        let row = trimmed.trim_matches(|c: char| c.is_whitespace());
        let rule = row.starts_with('|')
            && row.contains("--")
            && row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
        self.rules += u32::from(rule);
    }

    fn note_restructured(&mut self, line: &str) {
        let trimmed = line.trim_start();
        let directive = trimmed.strip_prefix(".. ").is_some_and(|rest| {
            rest.starts_with('_') || rest.starts_with('|') || rest.starts_with('[') || rest.contains("::")
        });
        self.directives += u32::from(directive);
        let role = line.split(':').skip(1).collect::<Vec<_>>().windows(2).any(|pair| {
            matches!(pair, [name, after] if after.starts_with('`') && !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
        });
        self.roles += u32::from(role || line.contains("`_") && line.contains('<'));
        let field = trimmed.starts_with(':') && trimmed.get(1..).is_some_and(|rest| rest.contains(": "));
        let grid = trimmed.starts_with("+--") || trimmed.starts_with("+==") || trimmed.starts_with("=== ===");
        self.literals += u32::from(line.matches("``").count() >= 2 && !line.contains("```"))
            + u32::from(line.ends_with("::") && !line.contains(';'))
            + u32::from(field)
            + 2 * u32::from(grid);
    }

    fn note_tex(&mut self, line: &str) {
        let preamble =
            ["\\documentclass", "\\documentstyle", "\\usepackage", "\\begin{document}", "\\newcommand"];
        self.preamble += u32::from(preamble.iter().any(|word| line.trim_start().starts_with(word)));
        let commands = [
            "\\begin{",
            "\\end{",
            "\\section",
            "\\subsection",
            "\\chapter",
            "\\input{",
            "\\def\\",
            "\\cite{",
            "\\bye",
        ];
        self.commands += u32::from(commands.iter().any(|word| line.contains(word)));
    }
}

/// A heading: one to six hashes, a space, text.
fn is_heading(line: &str) -> bool {
    let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(hashes..).and_then(|rest| rest.strip_prefix(' '));
    (1..=6).contains(&hashes) && title.is_some_and(|title| !title.trim().is_empty())
}

/// A heading: a line of text, then one of the same punctuation at least as long.
fn is_underlined(title: &str, rule: &str) -> bool {
    let (title, rule) = (title.trim_end(), rule.trim_end());
    let Some(mark) = rule.chars().next().filter(|c| "=-~^\"'`#*+.:".contains(*c)) else { return false };
    rule.len() >= 3
        && rule.chars().all(|c| c == mark)
        && !title.is_empty()
        && title.starts_with(|c: char| !c.is_whitespace())
        && title.chars().any(char::is_alphanumeric)
        && rule.chars().count() >= title.chars().count()
}

fn is_numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..=3).contains(&digits)
        && line.get(digits..).is_some_and(|rest| rest.starts_with(". ") || rest.starts_with(") "))
}

/// Programs end many lines in semicolons or braces, or say which interpreter they want.
fn reads_as_program(lines: &[&str]) -> bool {
    let written = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let coded = lines.iter().filter(|line| line.trim_end().ends_with([';', '{', '}'])).count();
    lines.first().is_some_and(|line| line.starts_with("#!")) || coded * 5 > written * 2 && written > 4
}
