"""Topics in the languages that go by cues: headlines in our own words, ten topics in eight languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.pipeline import classify as classify_module
from aggregator.pipeline.classify import classify
from aggregator.pipeline.classify_rules import rules_from
from aggregator.pipeline.locate import locate

VOCABULARY = Path(classify_module.__file__).resolve().parents[1] / "vocabulary"
LANGUAGES = ("fr", "ru", "uk", "ar", "es", "fa", "he", "tr")
HEADLINES = {
    "ceasefires-and-peace-talks": {
        "fr": "Soudan : l'armée et les paramilitaires signent un cessez-le-feu de trois jours",
        "ru": "Стороны договорились о прекращении огня в Судане на трое суток",
        "uk": "Сторони домовилися про припинення вогню в Судані на три доби",
        "ar": "الجيش والدعم السريع يتفقان على وقف إطلاق النار في السودان",
        "es": "El ejército y los paramilitares de Sudán pactan un alto el fuego de tres días",
        "fa": "توافق بر سر آتش‌بس سه‌روزه در سودان",
        "he": "הצבא והמורדים בסודאן הסכימו על הפסקת אש לשלושה ימים",
        "tr": "Sudan'da taraflar üç günlük ateşkes konusunda anlaştı",
    },
    "sanctions": {
        "fr": "L'Union européenne adopte de nouvelles sanctions contre la Russie",
        "ru": "Евросоюз ввёл новые санкции против России",
        "uk": "Євросоюз запровадив нові санкції проти Росії",
        "ar": "الاتحاد الأوروبي يفرض عقوبات جديدة على روسيا",
        "es": "La Unión Europea aprueba nuevas sanciones contra Rusia",
        "fa": "اتحادیه اروپا تحریم‌های تازه‌ای علیه روسیه وضع کرد",
        "he": "האיחוד האירופי הטיל סנקציות חדשות על רוסיה",
        "tr": "Avrupa Birliği Rusya'ya yeni yaptırımlar getirdi",
    },
    "prisoners-and-hostages": {
        "fr": "Le Hamas libère deux otages détenus à Gaza",
        "ru": "ХАМАС освободил двух заложников в секторе Газа",
        "uk": "ХАМАС звільнив двох заручників у секторі Гази",
        "ar": "حماس تفرج عن رهينتين في قطاع غزة",
        "es": "Hamás libera a dos rehenes retenidos en Gaza",
        "fa": "حماس دو گروگان را در غزه آزاد کرد",
        "he": "חמאס שחרר שתי חטופות מרצועת עזה",
        "tr": "Hamas Gazze'de tuttuğu iki rehineyi serbest bıraktı",
    },
    "displacement": {
        "fr": "Des milliers de déplacés fuient les combats au Darfour",
        "ru": "Тысячи беженцев покидают Дарфур из-за боёв",
        "uk": "Тисячі біженців залишають Дарфур через бої",
        "ar": "آلاف النازحين يفرون من القتال في دارفور",
        "es": "Miles de desplazados huyen de los combates en Darfur",
        "fa": "هزاران آواره از درگیری‌ها در دارفور گریختند",
        "he": "אלפי עקורים נמלטים מהקרבות בדרפור",
        "tr": "Darfur'daki çatışmalardan binlerce mülteci kaçıyor",
    },
    "coups-and-power-struggles": {
        "fr": "Niger : coup d'État militaire, le président retenu au palais",
        "ru": "Военный переворот в Нигере: президент задержан",
        "uk": "Військовий переворот у Нігері: президента затримано",
        "ar": "انقلاب عسكري في النيجر واحتجاز الرئيس",
        "es": "Golpe de Estado en Níger: los militares retienen al presidente",
        "fa": "کودتای نظامی در نیجر و بازداشت رئیس‌جمهور",
        "he": "הפיכה צבאית בניז'ר: הנשיא נעצר",
        "tr": "Nijer'de askeri darbe: cumhurbaşkanı alıkonuldu",
    },
    "protests-and-riots": {
        "fr": "Iran : la police disperse des manifestants à Téhéran",
        "ru": "Полиция разогнала протест в Тегеране",
        "uk": "Поліція розігнала протест у Тегерані",
        "ar": "الشرطة الإيرانية تفرق متظاهرين في طهران",
        "es": "La policía dispersa a manifestantes en Teherán",
        "fa": "پلیس معترضان را در تهران متفرق کرد",
        "he": "המשטרה פיזרה מפגינים בטהרן",
        "tr": "İran polisi Tahran'da protestocuları dağıttı",
    },
    "humanitarian-aid-and-blockade": {
        "fr": "L'aide humanitaire entre à Gaza après des semaines de blocus",
        "ru": "Гуманитарная помощь прибыла в Газу после недель блокады",
        "uk": "Гуманітарна допомога прибула до Гази після тижнів блокади",
        "ar": "دخول المساعدات الإنسانية إلى غزة بعد أسابيع من الحصار",
        "es": "La ayuda humanitaria entra en Gaza tras semanas de bloqueo",
        "fa": "ورود کمک‌های بشردوستانه به غزه پس از هفته‌ها محاصره",
        "he": "סיוע הומניטרי נכנס לעזה אחרי שבועות של מצור",
        "tr": "Haftalar süren abluka sonrası Gazze'ye insani yardım girdi",
    },
    "war-crimes-and-accountability": {
        "fr": "La Cour pénale internationale enquête sur des crimes de guerre en Ukraine",
        "ru": "Международный уголовный суд расследует военные преступления на Украине",
        "uk": "Міжнародний кримінальний суд розслідує воєнні злочини в Україні",
        "ar": "المحكمة الجنائية الدولية تحقق في جرائم حرب في أوكرانيا",
        "es": "La Corte Penal Internacional investiga crímenes de guerra en Ucrania",
        "fa": "دادگاه کیفری بین‌المللی جنایات جنگی در اوکراین را بررسی می‌کند",
        "he": "בית הדין הפלילי הבינלאומי חוקר פשעי מלחמה באוקראינה",
        "tr": "Uluslararası Ceza Mahkemesi Ukrayna'daki savaş suçlarını soruşturuyor",
    },
    "nuclear-and-wmd": {
        "fr": "La Corée du Nord menace de procéder à un essai nucléaire",
        "ru": "КНДР грозит провести ядерное испытание",
        "uk": "КНДР погрожує провести ядерне випробування",
        "ar": "كوريا الشمالية تهدد بإجراء تجربة نووية",
        "es": "Corea del Norte amenaza con un ensayo nuclear",
        "fa": "کره شمالی تهدید به آزمایش هسته‌ای کرد",
        "he": "צפון קוריאה מאיימת בניסוי גרעיני",
        "tr": "Kuzey Kore nükleer deneme yapmakla tehdit etti",
    },
    "mines-and-explosives": {
        "fr": "Attentat à la voiture piégée à Mogadiscio : onze morts",
        "ru": "Взрыв заминированного автомобиля в Могадишо, смертник убил одиннадцать человек",
        "uk": "Смертник підірвав замінований автомобіль у Могадішо",
        "ar": "انفجار سيارة مفخخة في مقديشو يقتل أحد عشر شخصا",
        "es": "Un coche bomba mata a once personas en Mogadiscio",
        "fa": "انفجار خودروی بمب‌گذاری‌شده در موگادیشو یازده کشته داد",
        "he": "מכונית תופת התפוצצה במוגדישו: אחד עשר הרוגים",
        "tr": "Mogadişu'da bomba yüklü araç patladı: on bir ölü",
    },
}


@pytest.fixture(scope="module")
def rules():
    names = ("topics", "forms", "conflicts")
    return rules_from(*(json.loads((VOCABULARY / f"{name}.json").read_text("utf-8")) for name in names))


CASES = [
    pytest.param(topic, language, title, id=f"{topic}-{language}")
    for topic, titles in HEADLINES.items()
    for language, title in titles.items()
]


@pytest.mark.parametrize(("topic", "language", "title"), CASES)
def test_a_headline_in_the_language_is_shown_under_its_topic(rules, gazetteer, topic, language, title):
    located = locate(title, "", gazetteer=gazetteer, home_region=None, language=language)
    found = classify(title, "", language=language, located=located, rules=rules)
    assert found.relevance in ("in", "ask")
    assert topic in [one.topic for one in found.topics]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_has_cues_in_the_language(rules, language):
    bare = [rule.slug for rule in rules.topics if len(rule.by_language.get(language, ())) < 2]
    assert bare == []
