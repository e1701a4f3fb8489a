//! Encodes a film in segments that do not need each other, so that each can be kept while the rest is made.
//!
//! Every segment begins with a key frame, out of an encoder that knows nothing of those before. So a film that goes on
//! after a crash has the same bytes as one made at one go, whatever was kept of it.

use crate::kept::KeptPackets;
use crate::lane::Out;
use crate::track::Parameters;
use crate::{Encoder, EncoderSettings, Frame, Packet, Rational};
use formwork_sdk::{Error, ErrorKind, Pieces, Result};
use std::collections::VecDeque;

/// Seconds of the film in a segment: a multiple of the usual time between key frames, and so long that what an encoder
/// knows of other pictures is not missed.
const SEGMENT: f64 = 20.0;
/// Most bytes of a segment that is kept.
const MOST: usize = formwork_sdk::MOST_PIECE as usize;

/// An encoder of pictures that begins anew for each segment.
pub struct Segments<'s> {
    settings: EncoderSettings,
    /// Of the segment under way, or of the next one.
    encoder: Option<Encoder>,
    time_base: Rational,
    /// Length of a segment in the time base; `None`: the film is one.
    length: Option<i64>,
    keeper: Option<Keeper<'s>>,
    /// The segment under way.
    under_way: Option<UnderWay>,
    /// The picture that came last, where segments are kept.
    last: Option<Frame>,
    /// Frames that were encoded.
    pub frames: u64,
}

/// Where segments are kept.
#[derive(Clone)]
pub struct Keeper<'s> {
    /// The step's pieces.
    pub pieces: Pieces<'s>,
    /// What tells the film from others that the same step makes.
    pub name: String,
}

/// The place between two segments that are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seam {
    /// Seconds of the film before it.
    pub seconds: f64,
    /// Tells the last picture before it from others.
    pub last_picture: u64,
}

struct UnderWay {
    number: i64,
    packets: Packets,
}

enum Packets {
    /// From an earlier run.
    Known(VecDeque<Packet>),
    /// Out of the encoder, and to be kept.
    Fresh(Option<KeptPackets>),
}

impl<'s> Segments<'s> {
    /// Opens an encoder. `cut`: in segments, else the film is one.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::open`].
    pub fn open(settings: &EncoderSettings, cut: bool, keeper: Option<Keeper<'s>>) -> Result<Segments<'s>> {
        let encoder = Encoder::open(settings)?;
        let time_base = encoder.time_base();
        Ok(Segments {
            settings: settings.clone(),
            encoder: Some(encoder),
            time_base,
            length: cut.then(|| time_base.time(SEGMENT).max(1)),
            keeper: keeper.filter(|_| cut),
            under_way: None,
            last: None,
            frames: 0,
        })
    }

    /// Unit of the times of frames and packets.
    pub fn time_base(&self) -> Rational {
        self.time_base
    }

    /// What a muxer has to know.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::parameters`].
    pub fn parameters(&self) -> Result<Parameters> {
        self.encoder.as_ref().ok_or_else(no_encoder)?.parameters()
    }

    /// The beginning of the last segment of those that are there from the film's beginning on, with none missing.
    pub fn seam(&self) -> Option<Seam> {
        let (keeper, length) = self.keeper.as_ref().zip(self.length)?;
        let known = (0..).take_while(|number| keeper.pieces.has(&keeper.name_of(*number))).last()?;
        let (_, last_picture) = keeper.find(known.checked_sub(1).filter(|before| *before >= 0)?)?;
        Some(Seam { seconds: self.time_base.seconds(known * length), last_picture })
    }

    /// Encodes a frame, which is shown at `time`; times grow.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::encode`].
    pub fn encode(&mut self, frame: &Frame, time: i64, out: &mut Out<'_>) -> Result<()> {
        self.advance(time, out)?;
        if let Some(UnderWay { packets: Packets::Fresh(kept), .. }) = &mut self.under_way {
            self.frames += 1;
            let encoder = self.encoder.as_mut().ok_or_else(no_encoder)?;
            encoder.encode(Some(frame), &mut |packet| pass(packet, kept, out))?;
            self.last = self.keeper.as_ref().map(|_| frame.share()).transpose()?;
        }
        Ok(())
    }

    /// Goes on to the segment of a time; of one that is there, the packets come no sooner than from an encoder.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::encode`].
    pub fn advance(&mut self, time: i64, out: &mut Out<'_>) -> Result<()> {
        let number = self.length.map_or(0, |length| time.div_euclid(length));
        if self.under_way.as_ref().is_none_or(|segment| segment.number != number) {
            self.finish(out)?;
            self.begin(number)?;
        }
        if let Some(UnderWay { packets: Packets::Known(known), .. }) = &mut self.under_way {
            while let Some(packet) = known.pop_front_if(|packet| packet.dts().is_none_or(|at| at <= time)) {
                out(packet)?;
            }
        }
        Ok(())
    }

    /// Ends the film, or a segment.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::encode`].
    pub fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        let Some(UnderWay { number, packets }) = self.under_way.take() else { return Ok(()) };
        match packets {
            Packets::Known(known) => known.into_iter().try_for_each(out),
            Packets::Fresh(mut kept) => {
                let mut encoder = self.encoder.take().ok_or_else(no_encoder)?;
                encoder.encode(None, &mut |packet| pass(packet, &mut kept, out))?;
                if let Some((kept, keeper)) = kept.zip(self.keeper.as_ref()) {
                    let last_picture = self.last.take().and_then(|frame| frame.fingerprint());
                    let segment = kept.finish(last_picture.unwrap_or_default());
                    keeper.pieces.keep(&keeper.name_of(number), &segment);
                }
                Ok(())
            }
        }
    }

    fn begin(&mut self, number: i64) -> Result<()> {
        let known = self.keeper.as_ref().and_then(|keeper| keeper.find(number));
        let packets = match known {
            Some((known, _)) => Packets::Known(known.into()),
            None => {
                if self.encoder.is_none() {
                    self.encoder = Some(Encoder::open(&self.settings)?);
                }
                Packets::Fresh(self.keeper.as_ref().map(|_| KeptPackets::default()))
            }
        };
        self.under_way = Some(UnderWay { number, packets });
        Ok(())
    }
}

impl Keeper<'_> {
    fn name_of(&self, number: i64) -> String {
        format!("{} {number}", self.name)
    }

    fn find(&self, number: i64) -> Option<(Vec<Packet>, u64)> {
        KeptPackets::read(&self.pieces.find(&self.name_of(number))?)
    }
}

/// Passes a packet on, and keeps it as long as there is not too much to keep.
fn pass(packet: Packet, kept: &mut Option<KeptPackets>, out: &mut Out<'_>) -> Result<()> {
    if let Some(packets) = kept {
        packets.add(&packet);
        if packets.length() >= MOST {
            *kept = None;
        }
    }
    out(packet)
}

fn no_encoder() -> Error {
    Error::new(ErrorKind::Internal, "the encoder of this film is gone")
}
