"""Places in the languages of the starter sources, in the forms that sentences give them: invented headlines."""

from __future__ import annotations

import pytest

from aggregator.pipeline.locate import locate

SENTENCES = [
    ("Arabic", "مقتل عشرة في قصف على الخرطوم", "sudan"),
    ("Arabic", "الجيش السوداني يستعيد مواقع في أم درمان", "khartoum sudan"),
    ("Arabic", "اشتباكات في صنعاء بين الحوثيين وقوات حكومية", "houthi-held-yemen"),
    ("Arabic", "روسيا تقصف مدينة أوديسا الأوكرانية", "odesa russia ukraine"),
    ("Russian", "Взрывы прогремели в Белгороде и Курске", "russian-border-regions"),
    ("Russian", "Армения обвинила Азербайджан в обстреле", "armenia azerbaijan"),
    ("Russian", "Бои под Авдеевкой и Бахмутом продолжаются", "donbas"),
    ("Russian", "В Судане погибли сотни мирных жителей", "sudan"),
    ("Russian", "Израильская авиация ударила по сектору Газа", "gaza-strip israel"),
    ("Ukrainian", "Росіяни обстріляли Херсон та Запоріжжя", "kherson russia zaporizhzhia"),
    ("Ukrainian", "У Білорусі затримали десятки активістів", "belarus"),
    ("Ukrainian", "Ізраїль завдав удару по Лівану", "israel lebanon"),
    ("Ukrainian", "Вибухи в Криму: уражено корабель у Севастополі", "crimea"),
    ("French", "Frappes israéliennes sur le sud du Liban", "israel south-lebanon"),
    ("French", "Attaque jihadiste dans le nord du Burkina Faso", "burkina-faso"),
    ("French", "L'Arménie dénonce une offensive de l'Azerbaïdjan", "armenia azerbaijan"),
    ("French", "Affrontements à Goma, dans l'est de la RDC", "dr-congo eastern-drc"),
    ("French", "Des civils tués en Centrafrique", "central-african-republic"),
    ("Spanish", "Haití: las bandas atacan Puerto Príncipe", "haiti"),
    ("Spanish", "Rusia bombardea la ciudad ucraniana de Járkov", "kharkiv russia ukraine"),
    ("Spanish", "Protestas en Perú dejan varios muertos", "peru"),
    ("Persian", "انفجار در کابل ده‌ها کشته بر جای گذاشت", "afghanistan"),
    ("Persian", "حمله پهپادی به پایگاهی در عراق", "iraq"),
    ("Persian", "درگیری در سوریه و لبنان ادامه دارد", "lebanon syria"),
    ("Persian", "نیروهای اسرائیلی وارد غزه شدند", "gaza-strip israel"),
    ("Hebrew", "תקיפה בדמשק יוחסה לישראל", "israel syria"),
    ("Hebrew", "חיל האוויר תקף בדרום לבנון", "south-lebanon"),
    ("Hebrew", "אוקראינה: הפצצה על חרקוב", "kharkiv ukraine"),
    ("Turkish", "Suriye'nin kuzeyinde patlama: beş ölü", "syria"),
    ("Turkish", "Rusya, Ukrayna'nın başkenti Kiev'i vurdu", "russia ukraine"),
    ("Turkish", "Azerbaycan ordusu Karabağ'da operasyon başlattı", "azerbaijan nagorno-karabakh"),
    ("Turkish", "Irak'ın Musul kentinde çatışma", "iraq"),
    ("Polish", "Starcia na granicy z Białorusią", "belarus"),
    ("Polish", "Wybuch w Stambule, są ranni", "turkey"),
    ("Polish", "Walki w Sudanie i Etiopii", "ethiopia sudan"),
    ("Polish", "Patrole na Bałtyku", "baltic-sea"),
    ("Chinese", "苏丹首都喀土穆爆发冲突", "sudan"),
    ("Chinese", "俄罗斯导弹袭击乌克兰敖德萨", "odesa russia ukraine"),
    ("Chinese", "緬甸軍方空襲村莊", "myanmar"),
    ("Chinese", "以色列軍隊進入黎巴嫩南部", "israel south-lebanon"),
    ("German", "Kämpfe im Osten der Demokratischen Republik Kongo", "dr-congo"),
    ("German", "Anschlag in Kabul fordert Tote", "afghanistan"),
    ("German", "Russische Angriffe auf Cherson", "kherson russia"),
    ("German", "Proteste im Iran gegen die Führung", "iran"),
    ("Portuguese", "Ataque a aldeia em Cabo Delgado, Moçambique", "cabo-delgado mozambique"),
    ("Portuguese", "Confrontos na Venezuela deixam mortos", "venezuela"),
    ("Japanese", "スーダンで戦闘が激化", "sudan"),
    ("Korean", "우크라이나 오데사에 미사일 공격", "odesa ukraine"),
    ("Hindi", "मणिपुर में हिंसा, कई लोग मारे गए", "manipur"),
    ("Bengali", "মিয়ানমারে সেনা অভিযান", "myanmar"),
    ("Urdu", "کابل میں دھماکہ، کئی ہلاک", "afghanistan"),
    ("Amharic", "በአማራ ክልል ውጊያ ተባብሷል", "amhara"),
    ("Swahili", "Mapigano Goma mashariki mwa Kongo", "dr-congo eastern-drc"),
    ("Armenian", "Ադրբեջանը կրակ է բացել Սյունիքի ուղղությամբ", "azerbaijan syunik-zangezur"),
    ("Georgian", "რუსეთმა უკრაინას რაკეტებით დაარტყა", "russia ukraine"),
    ("Azerbaijani", "Ermənistan sərhəddində atışma", "armenia"),
    ("Uzbek", "Afgʻonistonda portlash yuz berdi", "afghanistan"),
    ("Serbian", "Сукоб на северу Косова", "kosovo"),
    ("Bosnian", "Protesti u Banjoj Luci", "republika-srpska"),
    ("Albanian", "Sulm me armë në veri të Kosovës", "kosovo"),
    ("Sorani Kurdish", "تەقینەوە لە بەغدا", "iraq"),
    ("Burmese", "ရခိုင်တွင် တိုက်ပွဲများ", "rakhine"),
    ("Polish", "Rosyjskie rakiety spadły na Lwów", "russia ukraine"),
    ("Somali", "Weerar ka dhacay Muqdisho", "somalia"),
    ("Spanish", "Combates en el norte de Colombia", "colombia"),
    ("Hebrew", "צבא סוריה נכנס לעיר חלב", "syria"),
]


@pytest.mark.parametrize(("language", "sentence", "regions"), SENTENCES)
def test_places_are_found_in_the_form_a_sentence_gives_them(gazetteer, language, sentence, regions):
    located = locate(sentence, "", gazetteer=gazetteer)
    assert {mention.region for mention in located.mentions} == set(regions.split())
