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
    ("status", "查看本店：未发送、被拒、与总部一致到何时"),
    ("status examples", "例：\n  guicang status\n  guicang status --json"),
    ("backup", "备份本店的数据文件（使用中也可），并检查备份"),
    (
        "backup examples",
        "例：\n  guicang --db shop.guicang backup /mnt/usb/shop-0922.guicang\n  guicang backup shop.bak --json",
    ),
    ("backup FILE", "新文件"),
    ("restore", "用备份替换本店的数据文件；原文件保留在旁边"),
    (
        "restore examples",
        "例：\n  guicang --db shop.guicang restore /mnt/usb/shop-0922.guicang\n  guicang --db shop.guicang restore shop.bak --force",
    ),
    ("restore FILE", "备份文件"),
    ("restore --force", "即使现有文件比备份新也替换；它会保留在旁边"),
    (
        "completions examples",
        "例：\n  guicang completions bash > /etc/bash_completion.d/guicang\n  guicang completions zsh > ~/.zfunc/_guicang",
    ),
    ("completions SHELL", "哪种 shell"),
];
