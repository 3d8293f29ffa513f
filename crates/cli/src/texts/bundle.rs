//! The support bundle in words.

use std::fmt::Display;

texts! {
    /// It was written.
    written(path: &dyn Display) {
        zh: "写好了 {path}。里面没有密钥、顾客资料和单据内容；发给支持人员之前可以自己打开看一看。",
        en: "Written: {path}. It has no keys, no customers' data and nothing of what documents say; open it and look before you send it to support.",
    }
}
