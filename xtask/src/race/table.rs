//! The races as Markdown, with ratios, and with what was reached and what falls short.

use std::fmt::Write as _;
use std::time::Duration;

use super::contest::{Besides, Contest, Goal, Measure};
use super::measure::Score;

/// One race written out, and how many of its goals were missed.
pub(super) fn write(contest: &Contest, scores: &[Score]) -> (String, usize) {
    let mut text = format!("### {}\n\n", contest.title);
    let ours = &scores[0];
    text += "| program | CPU s | ratio | wall s | ratio | peak MiB | bytes | SSIM | PSNR dB |\n";
    text += "|---|---|---|---|---|---|---|---|---|\n";
    for score in scores {
        text += &row(ours, score);
    }
    text += "\nThe ratio is ours divided by the other's.\n\n";
    let mut missed = 0;
    for goal in &contest.goals {
        let lines: Vec<_> = candidates(goal, scores).map(|ours| judge(goal, ours, scores)).collect();
        text.extend(lines.iter().map(|(line, _)| line.as_str()));
        missed += usize::from(!lines.iter().any(|(_, reached)| *reached));
    }
    text += "\n";
    (text, missed)
}

fn row(ours: &Score, score: &Score) -> String {
    if let Some(why) = &score.failed {
        return format!("| {} | failed: {why} |\n", score.name);
    }
    let (ssim, psnr) = match score.quality {
        Some((ssim, psnr)) => (format!("{ssim:.4}"), format!("{psnr:.1}")),
        None => (String::new(), String::new()),
    };
    format!(
        "| {} | {:.3} | {:.2} | {:.3} | {:.2} | {} | {} | {ssim} | {psnr} |\n",
        score.name,
        score.cpu.as_secs_f64(),
        part(ours.cpu, score.cpu),
        score.wall.as_secs_f64(),
        part(ours.wall, score.wall),
        score.peak_bytes >> 20,
        score.bytes,
    )
}

/// Our programs that are judged: all of them, or where CPU time counts those that do the work themselves, as a
/// worker's is not in the sum.
fn candidates<'s>(goal: &Goal, scores: &'s [Score]) -> impl Iterator<Item = &'s Score> + use<'s> {
    let alone = goal.peer.is_some() || goal.measure == Measure::Wall;
    let fits = move |score: &&Score| is_ours(score) && (alone || score.name.ends_with("level 0"));
    scores.iter().filter(fits)
}

fn is_ours(score: &Score) -> bool {
    score.name.starts_with("formwork")
}

/// Says whether a goal is reached, and by how much not.
fn judge(goal: &Goal, ours: &Score, scores: &[Score]) -> (String, bool) {
    let Some(peer) = peer_of(goal, scores) else {
        let name = goal.peer.unwrap_or("others");
        return (format!("- not compared with {name}: not installed\n"), false);
    };
    if let Some(why) = ours.failed.as_ref().or(peer.failed.as_ref()) {
        return (format!("- **NO RESULT** against {}: {why}\n", peer.name), false);
    }
    let (word, ratio) = match goal.measure {
        Measure::Cpu => ("CPU", part(ours.cpu, peer.cpu)),
        Measure::Wall => ("wall", part(ours.wall, peer.wall)),
    };
    let mut faults = Vec::new();
    if ratio > goal.most {
        faults.push(format!("short by {:.0} %", (ratio / goal.most - 1.0) * 100.0));
    }
    let (besides, fault) = besides(goal.besides, ours, peer);
    faults.extend(fault);
    let memory = quotient(ours.peak_bytes, peer.peak_bytes);
    if memory > 1.0 {
        faults.push(format!("memory {memory:.2} of the peer's"));
    }
    let verdict = if faults.is_empty() { "PASS".to_owned() } else { faults.join(", ") };
    let mut line = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        line,
        "- {}: {word} {ratio:.2} of {} (goal {:.2}){besides}: **{verdict}**",
        ours.name, peer.name, goal.most
    );
    (line, faults.is_empty())
}

/// The peer a goal names, or the fastest of those that finished.
fn peer_of<'s>(goal: &Goal, scores: &'s [Score]) -> Option<&'s Score> {
    if let Some(name) = goal.peer {
        return scores.iter().find(|score| score.name == name);
    }
    let others = scores.iter().filter(|score| !is_ours(score) && score.failed.is_none());
    others.min_by_key(|score| match goal.measure {
        Measure::Cpu => score.cpu,
        Measure::Wall => score.wall,
    })
}

fn besides(besides: Besides, ours: &Score, peer: &Score) -> (String, Option<String>) {
    match besides {
        Besides::Nothing => (String::new(), None),
        Besides::Size(most) => {
            let ratio = quotient(ours.bytes, peer.bytes);
            let fault = (ratio > most).then(|| format!("size {ratio:.3} of the peer's, allowed {most:.2}"));
            (format!(", size {ratio:.3}"), fault)
        }
        Besides::SsimPerByte => {
            let density =
                |score: &Score| score.quality.map_or(0.0, |(ssim, _)| ssim) / to_float(score.bytes.max(1));
            let ratio = density(ours) / density(peer).max(f64::MIN_POSITIVE);
            let fault = (ratio < 1.0).then(|| format!("SSIM per byte {ratio:.3} of the peer's"));
            (format!(", SSIM per byte {ratio:.3}"), fault)
        }
    }
}

fn part(ours: Duration, other: Duration) -> f64 {
    ours.as_secs_f64() / other.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn quotient(ours: u64, other: u64) -> f64 {
    to_float(ours) / to_float(other.max(1))
}

fn to_float(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than the first digits")]
    let float = bytes as f64;
    float
}
