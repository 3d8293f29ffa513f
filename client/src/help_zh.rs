//! Chinese help of the commands that only a branch has; keys as in `guicang_cli::help`.

use guicang_cli::help::Table;

/// The texts.
pub const CLIENT: Table = &[
    ("", "退货与库存：有没有网都能办"),
    (
        "examples",
        "例：\n  guicang init --db shop.guicang\n  guicang --db shop.guicang return counter --sale 536365 --item 85123A --reason damaged --grade E=1 --refund cash\n  guicang --db shop.guicang sync --every 60s",
    ),
    ("--db", "本店的数据文件"),
    ("join", "凭总部发的注册码加入组织"),
    ("join examples", "例：\n  guicang --db shop.guicang join http://hq.example.com:8080 --code 7KQ2-M4XD"),
    ("join URL", "总部的网址：http://主机:端口"),
    ("join --code", "总部发的注册码；只能用一次，几分钟内有效"),
    ("join --zone", "时区（在收到总部设置之前使用）"),
    ("join --currency", "币种（在收到总部设置之前使用）"),
    ("init", "新建只有一家门店的组织，单独试用"),
    (
        "init examples",
        "例：\n  guicang --db try.guicang init\n  guicang --db try.guicang init --site \"United Kingdom\" --zone Europe/London --currency GBP",
    ),
    ("init --name", "组织名称"),
    ("init --site", "门店编码"),
    ("init --device", "本机编码：单号由它开头"),
    ("init --zone", "时区"),
    ("init --currency", "币种"),
    ("supplier", "总部登记的供应商"),
    ("supplier list examples", "例：\n  guicang supplier list\n  guicang supplier list --losing --json"),
    ("supplier show examples", "例：\n  guicang supplier show YW1"),
    ("user", "总部登记的员工"),
    ("user list examples", "例：\n  guicang user list\n  guicang user list --site S01 --json"),
    ("sync", "与总部交换两边缺少的数据"),
    ("sync examples", "例：\n  guicang sync\n  guicang sync --every 60s"),
    ("sync --every", "一直同步，每次间隔如 60s、5m"),
    ("export-changes", "把本机的改动写进文件（如 U 盘），没网时带去总部或别的门店"),
    (
        "export-changes examples",
        "例：\n  guicang export-changes /media/stick/a.changes\n  guicang export-changes --all a.changes",
    ),
    ("export-changes FILE", "写到哪个文件；已有的文件不覆盖"),
    ("export-changes --all", "本机的全部改动，而不只是总部还没收到的"),
    ("export-changes --hours", "最近这么多小时内封存的改动，不管总部收到没有"),
    ("import-changes", "收下别的门店写在文件里、与本店有关的改动"),
    ("import-changes examples", "例：\n  guicang import-changes /media/stick/a.changes"),
    ("import-changes FILE", "别的门店写的文件"),
    ("trace", "查一张单据为什么没到：每个改动在哪里，在等什么"),
    ("trace examples", "例：\n  guicang trace TH-S01A-000001\n  guicang trace TH-S01A-000001 --json"),
    ("trace NUMBER", "单号"),
    ("status", "查看本店：未发送、被拒、与总部一致到何时"),
    ("status examples", "例：\n  guicang status\n  guicang status --json"),
    (
        "completions examples",
        "例：\n  guicang completions bash > /etc/bash_completion.d/guicang\n  guicang completions zsh > ~/.zfunc/_guicang",
    ),
    ("completions SHELL", "哪种 shell"),
];
