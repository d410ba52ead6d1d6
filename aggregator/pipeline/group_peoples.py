"""Peoples and their countries: words that outlets use for one another, folded before words are counted.

"Israeli jets" and "jets of Israel", "U.S. warships" and "American warships" name the same actor. English
only, as single words; a word that also means something else (Polish, Turkey's bird) stays a small risk.
"""

from __future__ import annotations

import re

# Each group: the country first, then its people as other words say it.
_GROUPS = """
afghanistan afghan|albania albanian|algeria algerian|argentina argentine argentinian|armenia armenian
australia australian aussie|austria austrian|azerbaijan azerbaijani azeri|bahrain bahraini|bangladesh bangladeshi
belarus belarusian|belgium belgian|bolivia bolivian|bosnia bosnian|brazil brazilian|britain british briton brit uk
bulgaria bulgarian|burma burmese myanmar|cambodia cambodian|cameroon cameroonian|canada canadian|chad chadian
chile chilean|china chinese|colombia colombian|congo congolese|croatia croatian|cuba cuban|cyprus cypriot
denmark danish dane|ecuador ecuadorian|egypt egyptian|eritrea eritrean|estonia estonian|ethiopia ethiopian
europe european eu|finland finnish|france french|gaza gazan|georgia georgian|germany german|ghana ghanaian
greece greek|guatemala guatemalan|guinea guinean|haiti haitian|honduras honduran|hungary hungarian|india indian
indonesia indonesian|iran iranian|iraq iraqi|ireland irish|israel israeli|italy italian|japan japanese
jordan jordanian|kazakhstan kazakh|kenya kenyan|korea korean|kosovo kosovar|kurdistan kurdish kurd|kuwait kuwaiti
kyrgyzstan kyrgyz|latvia latvian|lebanon lebanese|liberia liberian|libya libyan|lithuania lithuanian
malaysia malaysian|mali malian|mexico mexican|moldova moldovan|mongolia mongolian|montenegro montenegrin
morocco moroccan|mozambique mozambican|nepal nepali nepalese|netherlands dutch|nicaragua nicaraguan|niger nigerien
nigeria nigerian|norway norwegian|oman omani|pakistan pakistani|palestine palestinian|panama panamanian
paraguay paraguayan|peru peruvian|philippines filipino philippine|poland polish pole|portugal portuguese
qatar qatari|romania romanian|russia russian|rwanda rwandan|scotland scottish scot|senegal senegalese
serbia serbian serb|singapore singaporean|slovakia slovak|slovenia slovenian|somalia somali|spain spanish
sudan sudanese|sweden swedish swede|switzerland swiss|syria syrian|taiwan taiwanese|tajikistan tajik
tanzania tanzanian|thailand thai|tunisia tunisian|turkey turkish turk türkiye|uganda ugandan|ukraine ukrainian
usa american america|uzbekistan uzbek|venezuela venezuelan|vietnam vietnamese|yemen yemeni|zambia zambian
zimbabwe zimbabwean|africa african|arab arabic|asia asian|islam islamic islamist muslim|jew jewish
zelensky zelenskyy zelenskiy
"""
COUNTRY_OF: dict[str, str] = {
    word: group.split()[0] for group in _GROUPS.replace("\n", "|").split("|") for word in group.split()[1:]
}
_DOTTED = re.compile(r"\b([A-Z])\.([A-Z])\.(?:([A-Z])\.)?")
_LONG = (
    (re.compile(r"\bUS\b|\bUnited States\b"), "USA"),
    (re.compile(r"\bUnited Kingdom\b"), "UK"),
    (re.compile(r"\bUnited Nations\b"), "UN"),
    (re.compile(r"\bEuropean Union\b"), "EU"),
)


def fold_names(text: str) -> str:
    """Return English text with "U.S.", "US" and "United States" written alike, and others of the kind."""
    text = _DOTTED.sub(lambda m: "".join(letter for letter in m.groups() if letter), text)
    for pattern, short in _LONG:
        text = pattern.sub(short, text)
    return text
