"""Words that tell days, by language: weekdays (Monday first), months, today and yesterday, and traps.

Forms are those that stand in news sentences (the accusative "во вторник", the locative "w sobotę"),
in lower case. `skip` words before a date make it a date of something else: a plan, a deadline, a
memory. `said` words before a date make it the date of a statement.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DayWords:
    """One language's words; each weekday and month is a group of forms separated by "|"."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    back: dict[str, int]  # word → days before the report
    skip: tuple[str, ...]
    said: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()  # verbs after "to" that make it a plan,
    began: tuple[str, ...] = ()  # but for what comes before that "to"
    ahead: tuple[str, ...] = ()  # words right after a date that make it one of a plan
    present: tuple[str, ...] = ()  # verbs that tell a plan in the present: "talks begin Friday"
    past: tuple[str, ...] = ()  # words beside a weekday that say it lies behind: "last Friday"


def _spaced(words: str) -> tuple[str, ...]:
    return tuple(words.split())


def _barred(words: str) -> tuple[str, ...]:
    return tuple(words.split("|"))


_EN = DayWords(
    _spaced(
        "monday|mon. tuesday|tue.|tues. wednesday|wed. thursday|thu.|thurs. friday|fri. saturday|sat. sunday|sun."
    ),
    _spaced(
        "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sept|sep october|oct "
        "november|nov december|dec"
    ),
    {
        "the day before yesterday": 2,
        "yesterday": 1,
        "last night": 1,
        "this morning": 0,
        "this afternoon": 0,
        "this evening": 0,
        "earlier today": 0,
        "today": 0,
    },
    _barred(
        "will|until|till|by|next|from|since|before|ahead of|scheduled|expected|due|plan|plans|planned|would|"
        "deadline|anniversary|years ago|year ago|months ago|after last|every|each|founded|born|upcoming|"
        "starting|coming|to be held|set to|weeks ago|after the|following the|in the wake of|attacks of|attack of|"
        "anniversary of|on or after|as of"
    ),
    _barred(
        "said|says|told|added|announced|stated|wrote|tweeted|reported|warned|statement|published|according to"
    ),
    _spaced(
        "address attend begin convene debate decide deliver depart discuss hold host launch meet open reopen resume sign "
        "speak start take travel visit vote"
    ),
    _spaced("began continued decided failed forced had helped managed refused returned started"),
    _barred("will|is to|are to|is set to|are set to|is due to|are due to"),
    present=_barred(
        "begin|begins|start|starts|opens|reopen|reopens|resume|resumes|meets|convene|convenes|reconvene|reconvenes|"
        "kick off|kicks off|take effect|takes effect|take place|takes place|enter into force|enters into force|"
        "go to the polls|goes to the polls|head to the polls|heads to the polls|expire|expires"
    ),
    past=_barred("last|past|previous"),
)
_FR = DayWords(
    _spaced("lundi mardi mercredi jeudi vendredi samedi dimanche"),
    _spaced(
        "janvier février|fevrier mars avril mai juin juillet août|aout septembre octobre novembre décembre|decembre"
    ),
    {
        "avant-hier": 2,
        "hier": 1,
        "la nuit dernière": 1,
        "ce matin": 0,
        "cet après-midi": 0,
        "aujourd'hui": 0,
        "aujourd’hui": 0,
    },
    _barred(
        "sera|seront|aura lieu|auront lieu|se tiendra|se tiendront|se réunir|commencer|débuter|reprendr|se rendra|jusqu|avant|prochain|depuis|d'ici|dès|anniversaire|il y a|prévu|prévue|doit|devrait|après les"
    ),
    _barred("a déclaré|a dit|a annoncé|a affirmé|a indiqué|selon"),
    present=_barred(
        "commence|commencent|débute|débutent|s'ouvre|s’ouvre|s'ouvrent|s’ouvrent|se réunit|se réunissent|"
        "reprennent|se rend|se tient|se tiennent|entre en vigueur|expire"
    ),
    past=_barred("dernier|passé"),
)
_RU = DayWords(
    _spaced(
        "понедельник|понедельника вторник|вторника среду|среды|среда четверг|четверга пятницу|пятницы|пятница "
        "субботу|субботы|суббота воскресенье|воскресенья"
    ),
    _spaced("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
    {"позавчера": 2, "вчера": 1, "сегодня": 0, "прошлой ночью": 1},
    _barred(
        "будет|будут|состоится|состоятся|пройдет|пройдёт|пройдут|начнется|начнётся|начнутся|встретится|встретятся|прибудет|проведет|проведёт|проведут|до|после|следующ|с начала|годовщин|лет назад|года назад|год назад|запланирован|планиру|к|начиная с|со времен"
    ),
    _barred("заявил|заявила|сообщил|сообщила|сообщили|сказал|рассказал|отметил"),
    past=_barred("прошл|минувш"),
)
_UK = DayWords(
    _spaced(
        "понеділок|понеділка вівторок|вівторка середу|середи|середа четвер|четверга п'ятницю|п’ятницю|п'ятниці|п’ятниці "
        "суботу|суботи неділю|неділі"
    ),
    _spaced("січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня"),
    {"позавчора": 2, "вчора": 1, "учора": 1, "сьогодні": 0, "минулої ночі": 1},
    _barred(
        "буде|будуть|відбудеться|відбудуться|почнеться|почнуться|розпочнеться|розпочнуться|зустрінеться|зустрінуться|прибуде|проведе|проведуть|до|після|наступ|річниц|років тому|рік тому|роки тому|заплан|плану|починаючи з"
    ),
    _barred("заявив|заявила|повідомив|повідомила|повідомили|сказав|розповів"),
    past=_barred("минул"),
)
_AR = DayWords(
    _spaced("الاثنين|الإثنين الثلاثاء الأربعاء|الاربعاء الخميس الجمعة السبت الأحد|الاحد"),
    _spaced("يناير فبراير مارس أبريل|ابريل مايو يونيو يوليو أغسطس|اغسطس سبتمبر أكتوبر|اكتوبر نوفمبر ديسمبر"),
    {"أول أمس": 2, "أمس": 1, "امس": 1, "اليوم": 0},
    _barred(
        "سوف|ستبدأ|سيبدأ|ستنطلق|سيجتمع|سيعقد|ستعقد|سيلتقي|ستستأنف|حتى|قبل|المقبل|القادم|منذ|ذكرى|من المقرر|بعد"
    ),
    _barred("قال|قالت|أعلن|أعلنت|صرح|أفاد|أفادت"),
    present=_barred("تبدأ|يبدأ|تنطلق|ينطلق|يجتمع|تجتمع|يعقد|تعقد|تستأنف|يلتقي"),
    past=_barred("الماضي|الفائت"),
)
_ES = DayWords(
    _spaced("lunes martes miércoles|miercoles jueves viernes sábado|sabado domingo"),
    _spaced(
        "enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre"
    ),
    {"anteayer": 2, "ayer": 1, "anoche": 1, "esta mañana": 0, "hoy": 0},
    _barred(
        "será|serán|comenzará|empezará|se reunirá|celebrará|visitará|iniciará|tendrá lugar|hasta|antes|próximo|desde|aniversario|hace|previsto|prevista|tras los"
    ),
    _barred("dijo|declaró|anunció|afirmó|informó|según"),
    present=_barred(
        "comienza|comienzan|empieza|empiezan|inicia|inician|se reúne|se reúnen|arranca|arrancan|entra en vigor"
    ),
    past=_barred("pasado|pasada"),
)
_DE = DayWords(
    _spaced("montag dienstag mittwoch donnerstag freitag samstag|sonnabend sonntag"),
    _spaced("januar|jänner februar märz april mai juni juli august september oktober november dezember"),
    {"vorgestern": 2, "gestern": 1, "heute": 0},
    _barred("wird|werden|bis|vor|nächst|kommend|seit|ab|jahrestag|geplant|soll|nach dem"),
    _barred("sagte|teilte|erklärte|kündigte|berichtete"),
    present=_barred(
        "beginnt|beginnen|startet|starten|trifft sich|treffen sich|findet|finden|tagt|tritt in kraft"
    ),
    past=_barred("letzt|vergangen|vorig"),
)
_TR = DayWords(
    _spaced("pazartesi salı çarşamba perşembe cuma cumartesi pazar"),
    _spaced("ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık"),
    {"önceki gün": 2, "dün": 1, "bugün": 0, "bu sabah": 0},
    _barred("kadar|önce|gelecek|önümüzdeki|itibaren|yıldönümü|yıl dönümü|yıl önce|planlan"),
    _barred("dedi|söyledi|açıkladı|duyurdu"),
    past=_barred("geçen"),
)
_FA = DayWords(
    _spaced("دوشنبه سه‌شنبه|سه\u00a0شنبه چهارشنبه پنجشنبه|پنج‌شنبه جمعه شنبه یکشنبه|یک‌شنبه"),
    _spaced("ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر"),
    {"پریروز": 2, "دیروز": 1, "دیشب": 1, "امروز": 0},
    _barred("خواهد|تا|پیش از|آینده|سالگرد|سال پیش|از زمان"),
    _barred("گفت|اعلام کرد|افزود"),
    past=_barred("گذشته"),
)
_HE = DayWords(
    _spaced("שני שלישי רביעי חמישי שישי שבת ראשון"),
    _spaced("ינואר פברואר מרץ|מארס אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר"),
    {"שלשום": 2, "אתמול": 1, "אמש": 1, "היום": 0, "הבוקר": 0, "הלילה": 0},
    _barred("יהיה|עד|לפני|הבא|מאז|צפוי|מתוכנן"),
    _barred("אמר|אמרה|הודיע|מסר"),
    past=_barred("שעבר|האחרון"),
)
_PL = DayWords(
    _spaced(
        "poniedziałek|poniedziałku wtorek|wtorku środę|środa|środy czwartek|czwartku piątek|piątku sobotę|sobota|soboty "
        "niedzielę|niedziela|niedzieli"
    ),
    _spaced(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
    ),
    {"przedwczoraj": 2, "wczoraj": 1, "dziś": 0, "dzisiaj": 0},
    _barred(
        "będzie|będą|odbędzie|odbędą|rozpocznie|rozpoczną|spotka|spotkają|złoży|zbierze|uda się|do|przed|przyszł|następn|od|rocznic|lat temu|rok temu|planowan"
    ),
    _barred("powiedział|powiedziała|poinformował|poinformowała|oświadczył"),
    past=_barred("ubiegł|zeszł|minion"),
)
_PT = DayWords(
    _spaced("segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo"),
    _spaced("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
    {"anteontem": 2, "ontem": 1, "hoje": 0},
    _barred("será|serão|até|antes|próxim|desde|aniversário|há|previsto"),
    _barred("disse|declarou|anunciou|afirmou|informou"),
    past=_barred("passad|último|última"),
)

_ZH = DayWords(
    _spaced("一 二 三 四 五 六 日|天"),
    tuple(f"{n}|{n:02}" if n < 10 else str(n) for n in range(1, 13)),
    {"前天": 2, "前日": 2, "昨天": 1, "昨日": 1, "昨晚": 1, "今天": 0, "今日": 0, "今晨": 0, "今早": 0},
    _barred("将于|将在|计划|预计|定于|截至|截止|直至|周年|下|上|每|到|至|自|从"),
    ahead=_barred("将|之前|以前|以来|起|电"),  # the last ends a dateline
)

LANGUAGES = {
    "en": _EN,
    "fr": _FR,
    "ru": _RU,
    "uk": _UK,
    "ar": _AR,
    "es": _ES,
    "de": _DE,
    "tr": _TR,
    "fa": _FA,
    "he": _HE,
    "pl": _PL,
    "pt": _PT,
    "zh": _ZH,
}

# In Hebrew a bare ordinal is no weekday, and short English months are words of their own.
NEEDS_BEFORE = {"he": r"ב?יום (?:ה)?"}

# Chinese has no spaces, and writes 2023年9月19日 and 周二.
ZH_DATE = (
    r"(?:(?P<year>(?:19|20)\d\d)年)?(?<!\d)(?P<month>1[0-2]|0?[1-9])月(?P<day>[0-3]?\d)(?:日|号)"
    r"|(?P<month2>(?!))(?P<day2>(?!))(?P<year2>(?!))|(?<![半两一二三四五六七八九十几数])(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
)

# Prepositions of `skip` that make a trap only where they govern the date itself: "by 19 September" is a
# deadline, "killed by mines on 19 September" is not.
GOVERNING = frozenset(
    _barred(
        "by|until|till|from|since|before|next|after|avant|depuis|dès|до|после|к|після|حتى|قبل|منذ|بعد|hasta|antes|"
        "desde|bis|vor|seit|ab|تا|עד|לפני|מאז|do|przed|od|até|hace|há|下|上|每|到|至|自|从"
    )
)
