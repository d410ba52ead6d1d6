"""What tells a new act is news whatever else its headline names; what only tells of one is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.pipeline import forms
from aggregator.pipeline.classify_rules import form_rule
from aggregator.pipeline.form_acts import act_book
from aggregator.pipeline.group import OUTSIDE_FORMS

VOCABULARY = json.loads(
    (Path(forms.__file__).resolve().parents[1] / "vocabulary/forms.json").read_text("utf-8")
)

# language|headline
NEWS = """
en|Anniversary parade bombed in Ahvaz, 25 killed
en|Police fire tear gas at rally marking anniversary of coup in Yangon
en|Five killed in day 2 of fighting in Stepanakert
en|On anniversary of the war, Russian missiles strike Kyiv
en|Blast at memorial service marking one year since coup kills 12
en|A year after coup, Myanmar army kills 10 in village raid
en|Three years on, suicide bomber strikes same market in Mogadishu
en|Drone strike kills four on day 12 of truce
en|Podcast host arrested in Minsk
en|Letter bomb injures two in Madrid
en|Soldiers storm parliament in brief coup attempt
en|Two killed in brief exchange of fire on the border
en|Survivor filmed attack as it happened
en|Military explained away strike that hit school
en|Palestinian who was shot at checkpoint dies
en|Police arrest three men who were planning attack
en|Live shells found in school yard near Kherson
en|Ten years after revolution, protesters detained in Kyiv
en|Explosion rocks Beirut on port blast anniversary
en|Dozens arrested at Tiananmen anniversary vigil in Hong Kong
en|Israeli troops raid Jenin on eve of Nakba anniversary
en|Afghan girls rally on takeover anniversary; Taliban fire shots in air
en|Russian drones hit Odesa as Ukraine marks independence anniversary
en|White House daily briefing interrupted as shots fired outside
en|We cannot retreat, says commander in Bakhmut
en|Fighting in Khartoum enters day 5
en|What happened in Ukraine overnight
en|Bombing of independence day anniversary parade leaves scores dead in Mali
en|Marking coup's second anniversary, resistance fighters ambush army convoy
en|Car bomb targets 9/11 anniversary event in Kabul
en|ISIS claims attack on Soleimani death anniversary mourners, 84 dead
en|Iran: Two blasts near Soleimani grave kill dozens on anniversary of assassination
en|Israel bombs Beirut suburb hours before anniversary of October 7
en|Anniversary protests in Belarus end with 200 detentions
en|Sudan army advances in Khartoum on war's second anniversary
en|Hundreds flee as day 4 of clashes empties El Fasher
en|Third day of strikes on Kherson kills two
en|Russian shelling kills 3 in Kherson on day 800 of war
en|Podcaster shot dead in Karachi
en|Rebels who were holding town withdraw
en|UN worker among those killed, family who are in Gaza says
en|Two decades on, Taliban retake Kabul
en|Ten years on from Crimea annexation, Ukraine hits bridge with naval drones
en|Six years after fall of caliphate, IS fighters seize Syrian village
fr|Un défilé anniversaire attaqué à Ahvaz, 25 morts
fr|Un attentat lors de l'anniversaire de la révolution fait 12 morts
fr|Un an après le putsch, l'armée bombarde un village, au moins dix morts
fr|La police disperse une marche pour l'anniversaire du coup d'État
fr|Tué en direct à la télévision, un journaliste irakien enterré
fr|La lettre de Poutine à Macron
fr|Macron fait comprendre à Netanyahou que la trêve doit durer
fr|Mort de trois soldats français au Mali
fr|Deux soldats tués au deuxième jour des combats
fr|Entretien téléphonique entre Macron et Poutine
fr|Attaque à la bombe pendant une cérémonie anniversaire à Kaboul : 14 blessés
fr|Vingt ans après, les talibans reprennent Kaboul
fr|Au Soudan, deux ans après le début de la guerre, l'armée reprend le palais
fr|Des dizaines d'arrestations à l'anniversaire de Tiananmen à Hong Kong
fr|Pourparlers en direct entre Israël et le Liban
fr|Explosion en plein direct à Beyrouth
fr|Gaza : quarante morts dans des frappes au 12e jour de guerre
ru|Взрыв на параде в годовщину войны, 25 погибших
ru|В годовщину вторжения российские ракеты ударили по Киеву
ru|Год спустя после переворота армия атаковала деревню, убиты 10 человек
ru|Полиция разогнала митинг в годовщину революции
ru|Зеленский выступил онлайн на саммите НАТО
ru|Погибли пять человек на второй день боёв в Степанакерте
ru|Скончались трое раненых при обстреле Донецка
ru|Беспилотники атаковали Москву в годовщину начала войны
ru|На параде в Ахвазе в честь годовщины войны убиты 25 человек
ru|Спустя два года после вторжения армия РФ взяла Авдеевку
ru|Более 100 задержанных на акциях в годовщину смерти Навального
ru|Онлайн-мошенники обманули пенсионерку
ru|Во второй день боёв в Хартуме убиты 56 мирных жителей
ru|В Ереване почтили память жертв геноцида
ru|Россия ударила по Одессе на 590-й день войны
uk|Вибух на параді у річницю війни, загинули 25 людей
uk|У річницю вторгнення росіяни обстріляли Харків, 7 поранених
uk|Поліція затримала учасників мітингу до річниці революції
uk|Росіяни вдарили по Одесі в День Незалежності
uk|Вибух у Кабулі під час заходів до річниці: є загиблі
uk|Росіяни обстріляли Херсон на 590 день війни
ar|مقتل 25 في هجوم على عرض عسكري في ذكرى الحرب
ar|قصف يستهدف كييف في ذكرى الاستقلال
ar|مفاوضات غير مباشرة بين إسرائيل وحماس
ar|هجوم مباشر على قاعدة أمريكية في العراق
ar|مقتل خمسة في اليوم الثاني من القتال في الخرطوم
ar|شاهد عيان يروي قصف المستشفى
ar|اشتباكات بعد مرور ساعات على الهدنة
ar|عشرات القتلى في انفجارين قرب قبر سليماني في ذكرى اغتياله
ar|الجيش السوداني يتقدم في الخرطوم بعد عامين على الحرب
ar|اعتقال العشرات في ذكرى تيانانمن بهونغ كونغ
ar|غارات إسرائيلية على غزة في ذكرى النكبة ومقتل 7
ar|محادثات مباشرة بين كييف وموسكو
ar|حصاد القمح يتوقف بسبب القصف
ar|إسرائيل تقصف بيروت في ذكرى هجوم السابع من أكتوبر
ar|مقتل جندي في الذكرى الأولى للحرب
ar|مقتل 40 فلسطينيا في غارات على غزة في اليوم الـ12 من الحرب
ar|الاحتلال يقتحم جنين في ذكرى النكبة ويعتقل 12
ar|تفجير يستهدف موكبا في ذكرى عاشوراء
es|Atacan desfile de aniversario en Ahvaz: 25 muertos
es|Explosión en el aniversario de la independencia deja 10 heridos
es|Un año después del golpe, el ejército bombardea una aldea
es|Columna de humo tras bombardeo en Jartum
es|Transmitió en vivo el ataque a la mezquita
es|Ataque ruso mata a cinco en Járkov en el aniversario de la invasión
es|Policía detiene a 30 en el aniversario de las protestas en La Habana
es|Dos explosiones cerca de la tumba de Soleimani en el aniversario de su muerte: más de 80 muertos
es|A dos años de la invasión, Rusia toma Avdiivka
es|Fallecen tres soldados en una emboscada en Malí
es|El ejército mata a tres manifestantes en el aniversario del golpe en Birmania
es|Detenidas 15 personas en la marcha por el aniversario de Tlatelolco
es|Guerrilla ataca base militar en el aniversario de su fundación
es|Rusia lanza 80 drones contra Kiev en el aniversario de la guerra
de|Anschlag auf Jahrestagsparade in Ahvas: 25 Tote
de|Am Jahrestag der Invasion beschießt Russland Kiew
de|Israel erklärt den Kriegszustand
de|Ein Jahr nach dem Putsch: Armee bombardiert Dorf
de|Polizei verhaftet Demonstranten am Jahrestag der Revolution
de|Fünf Tote am zweiten Tag der Kämpfe in Stepanakert
de|Explosionen bei Soleimani-Gedenken zum Todestag: Dutzende Tote
de|Russland greift Kiew am zweiten Jahrestag des Krieges mit Drohnen an
de|Selenskyj erklärt Rückzug aus Awdijiwka
de|Zwei Jahre nach der Invasion nimmt Russland Awdijiwka ein
pl|Zamach na paradzie w rocznicę wojny, zginęło 25 osób
pl|W rocznicę inwazji Rosja zaatakowała Kijów
pl|Pięć osób zginęło drugiego dnia walk
pl|Wybuchy przy grobie Sulejmaniego w rocznicę jego śmierci. Ponad 80 ofiar śmiertelnych
pl|Rosja ostrzelała Odessę w rocznicę inwazji
pl|Dwa lata po inwazji Rosjanie zajęli Awdijiwkę
pl|Rosjanie ostrzelali Chersoń w 590. dniu wojny
tr|Canlı bomba saldırısı: 5 ölü
tr|Saldırıda 5 asker hayatını kaybetti
zh|喀布尔发生爆炸，5人死亡
"""
# language|form|headline
OTHER = """
en|anniversary|Today 20 years ago Grozny fell
en|anniversary|Twenty years ago today Baghdad fell
en|anniversary|A year after the blast, Beirut still waits for justice
en|anniversary|Srebrenica marks anniversary of massacre that killed 8,000
en|anniversary|Thousands mark anniversary of bombing that left 168 dead
en|anniversary|Ten years after attack killed 77, Norway remembers
en|anniversary|Remembering the villages bombed in 1944
en|anniversary|Halabja: 35 years on, survivors of gas attack still suffer
en|anniversary|Iraq commemorates victims of Islamic State
en|anniversary|Five years later, families of soldiers killed in ambush seek answers
en|anniversary|On this day in 1995: Bosnian Serb troops seize Srebrenica
en|anniversary|On anniversary of invasion, Kyiv remembers
en|anniversary|Kyiv marks one year since Russia launched its invasion
en|situation-report|Ukraine war latest: what happened today, November 8
en|situation-report|War in Ukraine: what happened overnight
en|situation-report|Israel-Gaza war day 12: what we know
en|situation-report|Day 590 of the war in Ukraine
en|newsletter|Gaza in brief
en|opinion|Letters: the war and us
en|explainer|Gaza's tunnels explained
en|anniversary|Bosnia marks 30 years since Srebrenica genocide
en|anniversary|Rwanda begins 100 days of commemoration for genocide victims
en|anniversary|9/11 anniversary: names of nearly 3,000 killed are read in New York
en|anniversary|One year after Hamas attack, a kibbutz rebuilds
en|anniversary|Beirut blast: two years on, no one is held to account
en|anniversary|Anniversary of Bloody Sunday, when soldiers shot dead 13, marked in Derry
en|anniversary|40 years ago, gas killed thousands in Bhopal
en|anniversary|Vigil for the 12 killed in Charlie Hebdo attack, ten years on
en|anniversary|This day in history: Soviet tanks enter Prague
en|explainer|How Grozny fell, twenty years ago this week
en|anniversary|Armenia remembers genocide victims on 109th anniversary
en|situation-report|Ukraine war: what happened today (November 8)
en|newsletter|Russia-Ukraine war: what happened this week
en|situation-report|Middle East crisis latest: Israel strikes Rafah as talks stall
fr|anniversary|Il y a vingt ans, la chute de Bagdad
fr|anniversary|Vingt ans après la chute de Bagdad
fr|anniversary|Le Rwanda commémore le génocide de 1994
fr|anniversary|Anniversaire de l'attentat qui a fait 86 morts à Nice
fr|anniversary|Un an après l'attaque, les familles attendent
fr|situation-report|Guerre en Ukraine : ce qu'il faut retenir de la journée
fr|situation-report|Guerre en Ukraine, jour 590 : la situation
fr|explainer|Pourquoi la guerre reprend
fr|anniversary|Trois ans après l'invasion, les Ukrainiens épuisés
fr|anniversary|Srebrenica : trente ans après le génocide, les mères attendent
fr|anniversary|Il y a 40 ans, l'attentat du Drakkar
fr|newsletter|Le récap de la semaine
fr|situation-report|Guerre en Ukraine : que s'est-il passé cette nuit ?
ru|anniversary|Три года назад началась война в Карабахе
ru|anniversary|Сегодня 20 лет назад пал Грозный
ru|anniversary|Годовщина теракта в Беслане
ru|anniversary|В Беслане вспоминают жертв в годовщину теракта
ru|anniversary|Двадцать лет спустя: Ирак после войны
ru|newsletter|Главные события дня, 590-й день войны
ru|situation-report|Что произошло за ночь: война в Украине
ru|anniversary|30 лет назад началась первая чеченская война
ru|anniversary|10 лет со дня крушения MH17
ru|newsletter|Итоги дня: обстрелы Харькова, переговоры в Джидде
ru|situation-report|День 590: что происходит на фронте
ru|situation-report|590-й день войны: что происходит на фронте
uk|anniversary|Три роки тому почалася війна в Карабасі
uk|anniversary|Сьогодні 20 років тому впав Грозний
uk|anniversary|У річницю Голодомору запалили свічки
uk|anniversary|Україна вшановує роковини трагедії
uk|situation-report|Що сталося за добу: 590 день війни
uk|newsletter|Головні події дня
uk|anniversary|Десять років тому розпочалася анексія Криму
uk|anniversary|У Бучі вшанували загиблих у другу річницю визволення
uk|newsletter|Підсумки доби: атаки на Харків
uk|explainer|Пояснюємо: що таке коридор
ar|anniversary|قبل عشرين عاما سقطت بغداد
ar|anniversary|الذكرى العشرون لسقوط بغداد
ar|anniversary|بعد عام على الزلزال، الناجون ينتظرون
ar|anniversary|في مثل هذا اليوم سقطت غروزني
ar|situation-report|أبرز تطورات اليوم الـ590 من الحرب
ar|anniversary|ذكرى مجزرة صبرا وشاتيلا
ar|anniversary|40 عاما على مجزرة حماة
ar|situation-report|أهم الأحداث في أسبوع
ar|anniversary|إحياء ذكرى مجزرة الطنطورة
ar|situation-report|في اليوم الـ12 من الحرب: أبرز الأحداث
ar|anniversary|بعد مرور 10 سنوات على سقوط الموصل، النازحون ينتظرون
ar|live-blog|تغطية مباشرة: الحرب على غزة
es|anniversary|Hace veinte años cayó Bagdad
es|anniversary|Veinte años después de la caída de Bagdad
es|anniversary|Aniversario del atentado que dejó 193 muertos en Madrid
es|situation-report|Guerra en Ucrania: qué ha pasado hoy
es|anniversary|Hace 40 años comenzó la guerra de las Malvinas
es|anniversary|Diez años después, las madres de Iguala siguen buscando
es|explainer|Las claves de la guerra en Sudán
es|live-blog|EN VIVO | Guerra en Gaza
es|anniversary|Ruanda conmemora 30 años del genocidio
es|situation-report|Día 590 de la guerra: los hechos
es|anniversary|Hace diez años desaparecieron los 43 de Ayotzinapa
es|anniversary|Bogotá conmemora la toma del Palacio de Justicia
de|anniversary|Vor zwanzig Jahren fiel Bagdad
de|anniversary|Heute vor 20 Jahren fiel Grosny
de|anniversary|Zwanzig Jahre nach dem Fall von Bagdad
de|anniversary|Jahrestag des Anschlags von Halle
de|situation-report|Krieg in der Ukraine: die Ereignisse der Nacht im Überblick
de|explainer|Nahost-Konflikt einfach erklärt
de|anniversary|Vor 30 Jahren: Völkermord in Ruanda
de|anniversary|Zehn Jahre danach: Der Absturz von MH17
de|situation-report|Ukraine-Krieg: Was in der Nacht passiert ist
de|opinion|Kommentar: Der Krieg kehrt zurück
de|situation-report|Tag 590 des Krieges: Die Lage
pl|anniversary|Rocznica wybuchu wojny na Ukrainie
pl|anniversary|Dwadzieścia lat temu upadł Bagdad
pl|anniversary|Dziś 20 lat temu padł Grozny
pl|anniversary|Rok po zamachu miasto pamięta
pl|live-blog|NA ŻYWO: wojna w Ukrainie
pl|opinion|Opinia: wojna
pl|situation-report|Wojna na Ukrainie. Co wydarzyło się w nocy
pl|anniversary|30 lat temu zaczęło się ludobójstwo w Rwandzie
pl|anniversary|Obchody rocznicy rzezi wołyńskiej
pl|situation-report|590. dzień wojny. Podsumowanie
zh|anniversary|伊拉克战争二十周年
"""


def rows(table: str, columns: int) -> list[tuple[str, ...]]:
    return [tuple(line.split("|", maxsplit=columns - 1)) for line in table.strip().splitlines()]


@pytest.fixture(scope="module")
def book() -> forms.FormBook:
    return forms.FormBook(map(form_rule, VOCABULARY["forms"]), act_book(VOCABULARY["acts"]))


@pytest.mark.parametrize(("language", "title"), rows(NEWS, 2))
def test_a_new_act_is_not_kept_out_of_stories(book: forms.FormBook, language: str, title: str) -> None:
    form, reason = book.find(title, "", "", language)
    assert form not in OUTSIDE_FORMS | {"obituary"}, reason.evidence


@pytest.mark.parametrize(("language", "form", "title"), rows(OTHER, 3))
def test_memories_and_digests_open_no_story(
    book: forms.FormBook, language: str, form: str, title: str
) -> None:
    found, reason = book.find(title, "", "", language)
    assert found == form, reason.evidence
