//! What foreign readers see in a video or audio file, as `tests/judge/media.py` tells it.

use serde_json::Value;

/// What is in a file, without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// It has moving pictures.
    pub video: bool,
    /// It has sound.
    pub audio: bool,
    /// Pixels of all frames, or samples: what the work grows with.
    pub cost: u64,
}

/// An input and what was made of it.
#[derive(Clone, Debug, Default)]
pub struct Media {
    /// The input, decoded.
    pub input: Seen,
    /// The output, decoded; nothing when it is a still.
    pub output: Seen,
    /// The output when it is a still.
    pub still: Option<Still>,
    /// How alike both are.
    pub likeness: Likeness,
}

/// A decoded file.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its first video stream.
    pub video: Option<Video>,
    /// Its first audio stream.
    pub audio: Option<Audio>,
    /// What the decoder complained of, without numbers.
    pub errors: Vec<String>,
    /// Seconds that the container tells.
    pub duration: Option<f64>,
    /// Names of the container, separated by commas, as ffprobe has them.
    pub container: String,
    /// Major brand of an ISO file.
    pub brand: String,
    /// Bytes of a transport stream's packet; 0 for other files.
    pub packet: u64,
    /// What the second reader sees.
    pub second: Second,
}

/// What mediainfo sees, which shares no code with FFmpeg.
#[derive(Clone, Debug, Default)]
pub struct Second {
    /// Its name of the container.
    pub container: String,
    /// It sees moving pictures.
    pub video: bool,
    /// It sees sound.
    pub audio: bool,
    /// Pixels across as stored; 0 when it does not know.
    pub width: u64,
    /// Pixels down as stored; 0 when it does not know.
    pub height: u64,
}

/// A decoded video stream.
#[derive(Clone, Debug, Default)]
pub struct Video {
    /// The codec as ffprobe names it.
    pub codec: String,
    /// Pixels across, after rotation.
    pub width: u64,
    /// Pixels down, after rotation.
    pub height: u64,
    /// Pixels across if they were square.
    pub shown: u64,
    /// Every pixel has colours of its own.
    pub sharp: bool,
    /// Frames that decode.
    pub frames: u64,
    /// Seconds from one frame to the next, in the middle.
    pub beat: f64,
    /// Lengths in seconds, each of which is right in some reader's eyes.
    pub spans: Vec<f64>,
}

/// A decoded audio stream.
#[derive(Clone, Debug, Default)]
pub struct Audio {
    /// The codec as ffprobe names it.
    pub codec: String,
    /// Samples a second and channel; 0 for a tune, which has none.
    pub rate: u64,
    /// Channels.
    pub channels: u64,
    /// True when samples are of floating point.
    pub float: bool,
    /// Bits that a sample has, or that its decoder gives it.
    pub bits: u64,
    /// It starts before the file does, with what players leave out.
    pub early: bool,
    /// Loudness in decibels below full scale, up to 4 kHz; -120 for silence.
    pub level: f64,
    /// Lengths in seconds, each of which is right in some reader's eyes.
    pub spans: Vec<f64>,
}

/// A picture out of a video.
#[derive(Clone, Debug, Default)]
pub struct Still {
    /// Pixels across.
    pub width: u64,
    /// Pixels down.
    pub height: u64,
    /// PSNR in decibels against the frame of the video that is most like it.
    pub look: f64,
}

/// How alike input and output are, where both have what is compared.
#[derive(Clone, Debug, Default)]
pub struct Likeness {
    /// PSNR in decibels of the worst frame that was looked at.
    pub look: Option<f64>,
    /// From 0 to 1: how alike both sound, whatever their loudness.
    pub sound: Option<f64>,
    /// Every sample against its like.
    pub samples: Option<Samples>,
}

/// Every sample of two files.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Samples of a channel of the input.
    pub due: u64,
    /// Samples of a channel of the output.
    pub seen: u64,
    /// The largest difference as a share of full scale; `None` when rates, channels or lengths differ.
    pub difference: Option<f64>,
}

impl Streams {
    pub(super) fn read(answer: &Value) -> Streams {
        let has = |key: &str| answer[key].as_bool().unwrap_or(false);
        Streams { video: has("video"), audio: has("audio"), cost: number(&answer["cost"]) }
    }
}

impl Media {
    pub(super) fn read(answer: &Value) -> Media {
        let samples = object(&answer["samples"]).map(|samples| Samples {
            due: number(&samples["due"]),
            seen: number(&samples["seen"]),
            difference: samples["difference"].as_f64(),
        });
        let still = object(&answer["still"]).map(|still| Still {
            width: number(&still["width"]),
            height: number(&still["height"]),
            look: real(&still["look"]),
        });
        Media {
            input: Seen::read(&answer["input"]),
            output: Seen::read(&answer["output"]),
            still,
            likeness: Likeness { look: answer["look"].as_f64(), sound: answer["sound"].as_f64(), samples },
        }
    }
}

impl Seen {
    fn read(value: &Value) -> Seen {
        let second = &value["second"];
        Seen {
            video: object(&value["video"]).map(Video::read),
            audio: object(&value["audio"]).map(Audio::read),
            errors: super::list(&value["errors"]).iter().map(text).collect(),
            duration: value["duration"].as_f64(),
            container: text(&value["container"]),
            brand: text(&value["brand"]),
            packet: number(&value["packet"]),
            second: Second {
                container: text(&second["container"]),
                video: second["video"].as_bool().unwrap_or(false),
                audio: second["audio"].as_bool().unwrap_or(false),
                width: number(&second["width"]),
                height: number(&second["height"]),
            },
        }
    }
}

impl Video {
    fn read(value: &Value) -> Video {
        Video {
            codec: text(&value["codec"]),
            width: number(&value["width"]),
            height: number(&value["height"]),
            shown: number(&value["shown"]),
            sharp: value["sharp"].as_bool().unwrap_or(false),
            frames: number(&value["frames"]),
            beat: real(&value["beat"]),
            spans: reals(&value["spans"]),
        }
    }
}

impl Audio {
    fn read(value: &Value) -> Audio {
        Audio {
            codec: text(&value["codec"]),
            rate: number(&value["rate"]),
            channels: number(&value["channels"]),
            float: value["float"].as_bool().unwrap_or(false),
            bits: number(&value["bits"]),
            early: value["early"].as_bool().unwrap_or(false),
            level: real(&value["level"]),
            spans: reals(&value["spans"]),
        }
    }
}

fn object(value: &Value) -> Option<&Value> {
    value.is_object().then_some(value)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn real(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn reals(value: &Value) -> Vec<f64> {
    super::list(value).iter().filter_map(Value::as_f64).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
