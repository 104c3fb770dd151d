//! Words that mean the same to an attack: `ignore`, `disregard` and `vergiss` are one [`Sense`], so that what
//! is learned of one wording holds for the others.
//!
//! Here is only what a word can mean; what a row of senses says is learned (`features`). An
//! ordinary text is full of them too.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A group of words, from 1.
pub(crate) type Sense = u8;

/// What a word in lower case can mean to an attack.
pub(crate) fn of(word: &str) -> Option<Sense> {
    SENSES.whole.get(word).copied().or_else(|| {
        [7, 6, 5].into_iter().find_map(|length| {
            let (end, _) = word.char_indices().nth(length)?;
            SENSES.starts.get(&word[..end]).copied()
        })
    })
}

/// What two signs of a script without spaces can mean.
pub(crate) fn of_pair(first: char, second: char) -> Option<Sense> {
    SENSES.pairs.get(&(first, second)).copied()
}

struct Senses {
    whole: HashMap<&'static str, Sense>,
    // By the first five to seven letters of longer words.
    starts: HashMap<&'static str, Sense>,
    pairs: HashMap<(char, char), Sense>,
}

static SENSES: LazyLock<Senses> = LazyLock::new(|| {
    let mut senses = Senses { whole: HashMap::new(), starts: HashMap::new(), pairs: HashMap::new() };
    for (sense, words) in (1..).zip(TABLE) {
        for word in words.split_whitespace() {
            let mut signs = word.chars();
            match (word.strip_suffix('*'), signs.next(), signs.next(), signs.next()) {
                (Some(start), ..) => {
                    senses.starts.insert(start, sense);
                    senses.whole.insert(start, sense);
                }
                (None, Some(first), Some(second), None) if crate::features::is_alone(first) => {
                    senses.pairs.insert((first, second), sense);
                }
                _ => {
                    senses.whole.insert(word, sense);
                }
            }
        }
    }
    senses
});

// One line a sense. `*` ends the start of longer words.
#[rustfmt::skip]
const TABLE: [&str; 30] = [
    // to set aside
    "ignore ignores ignoring ignored ignori* disregard disregards disregar forget forgets forgetting neglect neglects overlook overlooks override overrid* bypass bypass* circumv* discard discards dismiss skip skips omit erase erases scrap scratch cancel cancels cancelled canceled drop abandon void nullify suspend suspended unlearn delete deleted lifted expired obsolete outdated vergiss vergesst vergessen ignoriert missach* verwirf oublie oubliez oublier ignorez négligez olvida olvide olvides olvidad ignora ignorad omite descarta desestima dimentica dimenticate trascura ignorate esqueça esqueçam desconsid descarte negeer vergeet zignoruj pomiń zapomnij игнори* забудь забудьте проигно* unut unutun 忽略 无视 忘记 忘掉 忽视 無視 忽視 忘れ 무시하고 무시하십시오 무시하세요 무시해 잊고 잊어 تجاهل انس अनदेखा भूल αγνόησε ξέχνα",
    // before
    "previous previously prior above earlier preceding former initial initially original originally past foregoing existing beforehand heretofore aforementioned vorher* bisher* obigen obige oben vorigen früheren ursprü* précéd* antéri* dessus anteri* previas previos arriba preced* poprze* wcześn* предыд* прошлы* прежни* önceki yukarı* 之前 以上 前面 上述 先前 上面 以前 前の 上記 이전 위의 السابقة पिछले vorige eerdere",
    // what one goes by
    "instruc* directive directives direction directions order orders command commands prompt prompts guideline guideli* rule rules assignment assignments constr* policy policies programming guidance briefing anweis* instruk* regel regeln vorgabe vorgaben befehl befehle weisung* consigne consignes règle règles istruz* regole regola reglas regla indica* instruç* regras ordens instrucc polece* zasady инстру* правил правила указан* команды talima* kuralları 指令 指示 规则 規則 提示 命令 ルー 지시 지시사항을 명령을 규칙을 التعليمات الأوامر निर्देशों आदेशों instructies opdrachten regels προηγο*",
    // limits
    "restri* limita* limits boundar* filter filters filtered censor* safeguard safeguards safety moderation norms standards guardrail guardrails protocol protocols confines shackles einsch* grenzen filtre filtres censure límites filtros limiti filtri ограни* 限制 制限",
    // all
    "all any every everything anything whatever entire whole alles alle sämtl* toutes tous tout todas todos todo tutte tutti tudo wszystkie все всё tüm 所有 全部 一切 すべ 모든 جميع सभी",
    // to say
    "say says print prints output outputs write respond reply answer display state type tell give show return repeat recite echo list send provide read copy paste sag sage schreib schreibe antworte zeig zeige gib nenne wiederhole dis réponds affiche écris donne répète montre di responde escribe dime dame muestra muéstrame repite dimmi dammi mostra scrivi rispondi diga mostre escreva responda скажи покажи напиши ответь назови podaj pokaż napisz 告诉 显示 输出 重复 打印 写出 教え 表示 繰り 見せ 출력 말해 보여 알려 أخبرني اعرض बताओ दिखाओ",
    // to give away
    "reveal reveals reveal* disclose disclo* leak leaks leaked expose divulge share spill unveil extract dump exfilt* verrate verrat révèle divulgue revela revele rivela revelar раскрой ujawnij 透露 泄露 公开",
    // secrets
    "passwo* passcode passcodes passphrase passphr* password's secret secrets key keys token tokens credent* pin pins flag confidential passwort kennwort geheim geheime geheimnis contras* clave claves senha parola пароль секрет* hasło şifre* şifreyi 密码 秘密 口令 机密 パス 暗号 비밀번호를 비밀번호 पासवर्ड المرور",
    // hidden
    "hidden internal private undisc* concealed underlying verborg* cachée cachées oculto ocultas nascoste скрыты* 隐藏 内部",
    // a system and its masters
    "system systems system's systemprompt developer developers dev admin administ root sudo superuser operator creator creators god maker owner configur setup backend entwick* systemn* système sistema система системный 系统 系統 管理 开发 시스템 النظام sistem",
    // modes
    "mode modes modus modo режим 模式 モー override",
    // you
    "you your yours yourself you're you've you'll u ur yourselves du dir dich dein deine deinen deiner ihr euch tu te ton tes vous votre vos tú usted tus tuo tuoi tua tue você sua suas seu ты твой твои тебя вы ваши ci twój twoje sen 你 你的 您的 あな 당신",
    // models
    "ai ais a.i chatgpt gpt gpts openai openai's assistant assistants chatbot chatbots model models llm llms bot bots claude gemini bard anthropic llama copilot ki künstl* ia asistente assistente ассист* нейрос* 人工 助手 模型",
    // to play
    "act acts acting pretend pretends pretend* roleplay rolepl* role character charact* persona personas personality simulate simul* imperso* play playing imagine become becomes embody behave portray immerse incarnate spiel spielst rolle rôle joue actúa papel rol ruolo interpreta finge fingi притвор* роль 扮演 角色 假装 演じ",
    // from now on
    "now onward onwards henceforth today hereafter anymore longer jetzt nun fortan désorm* maintenant ahora adora ora agora теперь отныне 现在 今後 これ 接下 지금부터 teraz",
    // without limits
    "free freed freely unrest* unfilt* uncens* unlimi* unlocked unlock unleash* jailbr* liberated liberate unbound unchained amoral unethical immoral illegal unmoderated unhinged unapologetic unaligned unconst* limitless lawless rogue evil ruthless dan",
    // no
    "no not never without cannot can't don't won't doesn't isn't nothing none neither nor shouldn't mustn't kein keine nicht ohne niemals pas sans aucun aucune jamais sin nunca senza mai sem não bez без не никогда 不 没有 不要 ない なし 않고",
    // right and wrong
    "ethics ethical ethica* moral morals morality legal legality law laws warnings warning disclaimer disclai* consequences harm harmful offensive explicit dangerous inappropriate nsfw controversial morales moralisch",
    // instead
    "instead rather stattdessen sondern plutôt cambio invece вместо 而是 改为 代わ 대신",
    // new
    "new updated real actual true only following revised neue neuen nouvelle nouvelles nueva nuevas nuove nuova новые новая 新的",
    // those who use it
    "user users user's customer customers customer's client's employee employees candidate applicant patient patient's nutzer kunden utilisateur usuario utente пользов* 用户 ユー",
    // what is theirs
    "address addresses email emails phone birthday birthdate birth salary salaries balance bank residence lives social ssn credit account accounts location wohnt adresse adresses dirección indirizzo адрес 地址 电话",
    // to obey
    "comply complies complying obey obeys obedient follow follows following must always mandatory agree listen heed adhere bound bind refuse refuses refusing decline deny reject apologize apologise gehorche muss musst obéis dois obedece debes devi deve должен 必须 服从",
    // to break
    "break breaks breaking broken hack hacked hacking pwned compromised disable disabled disables deactivate deactiv* exploit crack activate activated activ* enable enabled enter entering enters engage initiate initiating switch boot",
    // ends and beginnings
    "end ends ended begin begins beginning start starts stop reset restart over beginning top first last finished done anfang ende beginn début début fin inicio inizio начал* 开始 最初 开头",
    // texts
    "text texts message messages conversation chat context document documents words word sentence sentences paragraph line lines content verbatim nachricht text texte nachrichten message texto mensaje testo сообще* текст 内容 消息 对话 文章",
    // by whom
    "i'm i am my we our me creators anthropic's ich bin je suis soy sono sou я 我 我是 私は",
    // in which way
    "base64 rot13 hex hexadecimal morse leetspeak leet backwards reverse reversed binary ascii encode encoded decode decoded encrypt cipher acrostic letter letters spell spelled rhyme rhymes hint hints riddle pig emoji emojis unicode",
    // in a story
    "hypothet fiction* fictional story world game scenario movie novel universe dystopian alternate parallel grandma grandmother",
    // whoever reads it
    "reading reader summarizing summarising summarizes summarises processing reviewing screening parsing attention note notice important urgent bots whoever",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_meaning_share_a_sense() {
        let forget = of("ignore");
        for word in ["disregard", "vergiss", "oubliez", "игнорируй", "overridden"] {
            assert!(of(word).is_some() && of(word) == forget, "{word}");
        }
        assert_eq!(of_pair('忽', '略'), forget);
        assert_eq!(of("instructions"), of("anweisungen"));
        assert_ne!(of("instructions"), forget);
        assert_eq!(of("bicycle"), None);
    }

    #[test]
    fn starts_have_five_to_seven_letters() {
        for word in TABLE.iter().flat_map(|line| line.split_whitespace()) {
            if let Some(start) = word.strip_suffix('*') {
                assert!((5..=7).contains(&start.chars().count()), "{word}");
            }
        }
    }
}
