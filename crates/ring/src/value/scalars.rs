//! The plain types.

use std::{
    borrow::Cow,
    error::Error,
    ffi::{OsStr, OsString},
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num,
    path::{Path, PathBuf},
    rc::Rc,
    sync::{Arc, atomic},
    time::{Duration, SystemTime},
};

use trine_model::{EventName, Level};

use super::{Value, ValueWriter};
use crate::arg::Arg;

/// Types that are one plain argument.
macro_rules! plain {
    ($($type:ty: |$v:ident| $arg:expr;)*) => {$(
        impl Value for $type {
            #[inline]
            fn scalar(&self) -> Option<Arg<'_>> {
                let $v = self;
                Some($arg)
            }
            fn encode(&self, writer: ValueWriter<'_>) {
                let $v = self;
                writer.arg(&$arg);
            }
        }
    )*};
}

plain! {
    (): |_v| Arg::Null;
    bool: |v| Arg::Bool(*v);
    i8: |v| Arg::I64(i64::from(*v));
    i16: |v| Arg::I64(i64::from(*v));
    i32: |v| Arg::I64(i64::from(*v));
    i64: |v| Arg::I64(*v);
    isize: |v| Arg::I64(*v as i64);
    i128: |v| Arg::I128(v);
    u8: |v| Arg::U64(u64::from(*v));
    u16: |v| Arg::U64(u64::from(*v));
    u32: |v| Arg::U64(u64::from(*v));
    u64: |v| Arg::U64(*v);
    usize: |v| Arg::U64(*v as u64);
    u128: |v| Arg::U128(v);
    f32: |v| Arg::F32(*v);
    f64: |v| Arg::F64(*v);
    char: |v| Arg::Char(*v);
    str: |v| Arg::Str(v);
    String: |v| Arg::Str(v);
    Duration: |v| Arg::Duration(v);
    SystemTime: |v| Arg::Time(v);
    IpAddr: |v| Arg::Ip(v);
    SocketAddr: |v| Arg::Socket(v);
    num::NonZeroI8: |v| Arg::I64(i64::from(v.get()));
    num::NonZeroI16: |v| Arg::I64(i64::from(v.get()));
    num::NonZeroI32: |v| Arg::I64(i64::from(v.get()));
    num::NonZeroI64: |v| Arg::I64(v.get());
    num::NonZeroIsize: |v| Arg::I64(v.get() as i64);
    num::NonZeroU8: |v| Arg::U64(u64::from(v.get()));
    num::NonZeroU16: |v| Arg::U64(u64::from(v.get()));
    num::NonZeroU32: |v| Arg::U64(u64::from(v.get()));
    num::NonZeroU64: |v| Arg::U64(v.get());
    num::NonZeroUsize: |v| Arg::U64(v.get() as u64);
    atomic::AtomicBool: |v| Arg::Bool(v.load(atomic::Ordering::Relaxed));
    atomic::AtomicI32: |v| Arg::I64(i64::from(v.load(atomic::Ordering::Relaxed)));
    atomic::AtomicI64: |v| Arg::I64(v.load(atomic::Ordering::Relaxed));
    atomic::AtomicIsize: |v| Arg::I64(v.load(atomic::Ordering::Relaxed) as i64);
    atomic::AtomicU32: |v| Arg::U64(u64::from(v.load(atomic::Ordering::Relaxed)));
    atomic::AtomicU64: |v| Arg::U64(v.load(atomic::Ordering::Relaxed));
    atomic::AtomicUsize: |v| Arg::U64(v.load(atomic::Ordering::Relaxed) as u64);
    Cow<'_, str>: |v| Arg::Str(v);
    EventName: |v| Arg::Str(v.as_str());
    Level: |v| Arg::Str(v.as_str());
}

/// Types written as their text.
macro_rules! as_text {
    ($($type:ty: |$v:ident| $text:expr;)*) => {$(
        impl Value for $type {
            fn encode(&self, writer: ValueWriter<'_>) {
                let $v = self;
                writer.format(format_args!("{}", $text));
            }
        }
    )*};
}

as_text! {
    dyn Error + '_: |v| v;
    dyn Error + Send + '_: |v| v;
    dyn Error + Send + Sync + '_: |v| v;
    fmt::Arguments<'_>: |v| v;
    Path: |v| v.display();
    PathBuf: |v| v.display();
    OsStr: |v| v.display();
    OsString: |v| v.display();
}

/// Addresses of one family, and wide numbers of one kind, are held by value in no `Arg`; they write themselves.
macro_rules! converted {
    ($($type:ty => $arg:ident($general:ty);)*) => {$(
        impl Value for $type {
            fn encode(&self, writer: ValueWriter<'_>) {
                writer.arg(&Arg::$arg(&<$general>::from(*self)));
            }
        }
    )*};
}

converted! {
    num::NonZeroI128 => I128(i128);
    num::NonZeroU128 => U128(u128);
    Ipv4Addr => Ip(IpAddr);
    Ipv6Addr => Ip(IpAddr);
    SocketAddrV4 => Socket(SocketAddr);
    SocketAddrV6 => Socket(SocketAddr);
}

/// Pointers to a value are that value.
macro_rules! pointers {
    ($($type:ty),*) => {$(
        impl<T: Value + ?Sized> Value for $type {
            #[inline]
            fn scalar(&self) -> Option<Arg<'_>> {
                (**self).scalar()
            }
            fn encode(&self, writer: ValueWriter<'_>) {
                (**self).encode(writer);
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

/// Numbers that are computed with in another way are the same numbers.
macro_rules! wrappers {
    ($($type:ty),*) => {$(
        impl<T: Value> Value for $type {
            #[inline]
            fn scalar(&self) -> Option<Arg<'_>> {
                self.0.scalar()
            }
            fn encode(&self, writer: ValueWriter<'_>) {
                self.0.encode(writer);
            }
        }
    )*};
}

wrappers!(num::Wrapping<T>, num::Saturating<T>);

impl<T: Value> Value for Option<T> {
    #[inline]
    fn scalar(&self) -> Option<Arg<'_>> {
        match self {
            None => Some(Arg::Null),
            Some(value) => value.scalar(),
        }
    }
    fn encode(&self, writer: ValueWriter<'_>) {
        match self {
            None => writer.arg(&Arg::Null),
            Some(value) => writer.value(value),
        }
    }
}
