"""Paragraphs of background with which copies are padded."""

BACKGROUND: dict[str, tuple[str, ...]] = {
    "history": (
        "The dispute goes back to the last years of the Soviet Union, when the assembly of the autonomous "
        "region voted to leave Azerbaijan for Armenia. The war that followed cost some 30,000 lives and "
        "made more than a million people refugees on the two sides.",
        "In the autumn of 2020 Azerbaijan recovered large parts of the territory in six weeks. The truce "
        "then signed in Moscow left the remainder of the enclave under the watch of Russian soldiers.",
        "Several rounds of negotiation, led in turn by the European Union, the United States and Russia, "
        "have not produced a peace treaty between the two states.",
    ),
    "blockade": (
        "The road through Lachin was the enclave's lifeline. In December 2022 people who called themselves "
        "environmental activists set up tents across it, and in April a checkpoint took their place.",
        "In February the International Court of Justice told Azerbaijan to make sure that traffic could "
        "move freely. Baku has always denied that there was a blockade.",
    ),
    "refugees": (
        "Armenia has fewer than three million inhabitants. Its government has opened schools, hotels and "
        "empty village houses to those arriving, and offers each of them a first payment in cash.",
        "The population of the enclave was put at 120,000 before the latest fighting, though some observers "
        "believed the true number to be lower.",
    ),
    "sudan": (
        "The army under General Abdel Fattah al-Burhan and the paramilitaries of General Mohamed Hamdan "
        "Daglo took power together in a coup in 2021. They fell out over the plan to merge their forces.",
        "Rounds of talks in the Saudi city of Jeddah brought several truces, none of which was kept.",
        "The west of the country suffers most: in Darfur witnesses and aid workers have described killings "
        "of civilians on ethnic grounds and the burning of whole quarters.",
    ),
}
