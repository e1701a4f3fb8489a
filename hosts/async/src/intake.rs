use formwork::run::Item;
use formwork::{Engine, Error, ErrorKind, Result};
use std::io::{self, Read};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::runtime::Handle;

/// Reads an input to its end, as a request's body, without holding a thread of the runtime: see
/// [`Engine::take_in`].
///
/// # Errors
///
/// `io`.
pub async fn take_in(
    engine: &Engine,
    name: impl Into<String>,
    reader: impl AsyncRead + Send + Unpin + 'static,
) -> Result<Item> {
    let (engine, name, runtime) = (engine.clone(), name.into(), Handle::current());
    let read = move || engine.take_in(name, Blocking { reader, runtime });
    let taken = tokio::task::spawn_blocking(read).await;
    taken.unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "reading the input panicked")))
}

/// Reads on a thread that may wait.
struct Blocking<R> {
    reader: R,
    runtime: Handle,
}

impl<R: AsyncRead + Unpin> Read for Blocking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.runtime.block_on(self.reader.read(buffer))
    }
}
