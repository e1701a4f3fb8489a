//! `formwork-axum PREFIX PORT`: serves what lies below a prefix on this machine.

use formwork::load::Scanner;
use formwork::{Engine, Isolation, Result};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (Some(prefix), Some(port)) = (words.first(), words.get(1).and_then(|port| port.parse().ok())) else {
        eprintln!("formwork-axum PREFIX PORT");
        return ExitCode::from(64);
    };
    match serve(Path::new(prefix), port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn engine(prefix: &Path) -> Result<Engine> {
    let worker = prefix.join("libexec/formwork-worker");
    Engine::builder()
        .plugin_folder(prefix.join("lib/formwork"))
        .scanner(Scanner::with_worker(&worker))
        .isolation(Isolation::new(2, worker))
        .threads(threads())
        .build()
}

fn threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u32)
}

async fn serve(prefix: &Path, port: u16) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let router = formwork_axum::router(engine(prefix)?, threads())?;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let (mut asked, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let end = async move {
        tokio::select! {
            _ = asked.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    // Jobs that run are cancelled when the router, and with it the queue, is dropped.
    axum::serve(listener, router).with_graceful_shutdown(end).await?;
    Ok(())
}
