"""Labels: printers, templates, what is on them."""

from portal.demo.stories.model import Story

LABELS = (
    Story(
        "blank-labels", "labels", "defect", (2, 3, 3),
        subjects=(
            "Printer {printer} prints blank labels",
            "{printer}: every second label is empty",
            "Labels from {printer} at {station} come out blank",
        ),
        questions=(
            """{printer} at {station} feeds labels but they come out white. Restarted twice,
            new roll, same thing. The one beside it works with the same roll.""",
            """Since we changed the label roll on {printer} this morning every second label is
            blank. Packing at {station} is slow now because they have to print everything
            twice.""",
        ),
        ask="""Could you print the printer's own configuration label (hold the feed button for
        three seconds)? If that one is blank too, it is the ribbon or the print head, otherwise
        it is the size in our template.""",
        detail="""The configuration label is fine and black. It says media “continuous”, our
        rolls have gaps.""",
        answers=(
            """Then it is the media type: set to “continuous”, the printer does not find the
            gap and starts in the wrong place. Devices > Printers > {printer} > Media: “gap”,
            then “calibrate”. It feeds three or four labels and is right afterwards.""",
            """I set {printer} to labels with gaps and sent a calibration from here. Could you
            try {order} once more? It should be black from the first label on.""",
        ),
        note="Firmware update resets media to continuous. Check their other {few} printers.",
        again="It worked for two days, now {printer} prints blanks again.",
        fix="""The setting was lost again after a power cut, because it was not stored in the
        printer. I saved it there now (“store to device”), it survives a restart.""",
        praise="Solved in five minutes from far away.",
        blame="We had tried the obvious already and said so.",
    ),
    Story(
        "all-printers-down", "labels", "defect", (1, 2, 2),
        subjects=(
            "No labels at any station in {site}",
            "All printers offline since {clock}",
            "Printing stopped: {count} jobs waiting",
        ),
        questions=(
            """No printer in {site} prints since {clock}. The queue shows {count} jobs. The
            printers themselves are on and reachable from the office. Packing has stopped,
            parcels pile up.""",
            """Everything that prints is dead: parcel labels, pallet labels, delivery notes.
            The print agent says “connected” but nothing arrives. Please hurry, the {carrier}
            truck leaves at the end of the afternoon.""",
        ),
        ask="""We are looking at it now. On the computer that runs the print agent: what does
        the window say under “last job”, and was Windows updated last night?""",
        detail="""Last job {clock}, “certificate not trusted”. And yes, IT rolled out updates
        overnight.""",
        answers=(
            """The update removed the certificate that the print agent uses. We have issued a
            new one; please restart the service “Tidewater Print Agent”. The {count} waiting
            jobs will print in their order, you may want to delete duplicates first (Devices >
            Queue).""",
            """Printing is back: the agent had lost its connection and waited for a
            confirmation that never came. We released the queue. In {version} it reconnects by
            itself, an update of the agent takes two minutes and I can do it with you whenever
            it suits.""",
        ),
        note="Certificate store emptied by the OS update. Same at another customer today.",
        hold="""The printers are driven by your provider's print server, which does not answer
        us since its update. Your provider is working on it (their case is open). In the
        meantime {station} can print by USB, I have switched it over.""",
        praise="Fast, calm, and they stayed until the last label was out.",
        blame="Nobody told us that the queue would print old labels again.",
        least_seats=8,
    ),
    Story(
        "label-template", "labels", "question", (4, 4, 3),
        subjects=(
            "Add the lot number to the pallet label",
            "Logo on the label is cut off",
            "Changing a label template",
        ),
        questions=(
            """We would like to have the lot number and the best-before date on the pallet
            label. Can we change that ourselves or do you do it?""",
            """How do we get our new logo onto the shipping label? When I upload it the right
            part is missing.""",
        ),
        ask="""You can do it in the Label Designer. Which template do you use, “Pallet A5” or
        one of your own? And should old labels be reprinted with it?""",
        detail="""“Pallet A5”, never changed. Only new ones, no reprints.""",
        answers=(
            """Label Designer > Pallet A5 > Copy, since the shipped ones are read-only. Drag
            “Lot” and “Best before” where you want them, then “Test print” with {lot}. When it
            looks right set it as default for pallets.""",
            """The logo may be 40 by 15 mm at 203 dpi, which is 320 by 120 pixels in black and
            white. I made a copy of your template with the right frame, “Shipping, new logo”.
            Upload it there.""",
        ),
        note="",
        praise="Did it myself in ten minutes with these steps.",
    ),
    Story(
        "barcode-unreadable", "labels", "defect", (3, 3, 2),
        subjects=(
            "{carrier} rejects our labels: barcode not readable",
            "Barcodes from {printer} cannot be scanned",
            "Complaints about label quality",
        ),
        questions=(
            """{carrier} charges us for relabelling because the barcodes of {few} parcels could
            not be read. With our own scanners they are fine. What can we do?""",
            """The barcodes printed on {printer} look grey and scanners need several tries. The
            ones of the other printer are good. Same labels, same ribbon.""",
        ),
        ask="""Could you send me the number of one rejected parcel and tell me the darkness and
        speed set on {printer}?""",
        detail="""{order} for example. Darkness 8, speed 6.""",
        answers=(
            """Speed 6 with darkness 8 is too fast and too light for the thin bars of
            {carrier}'s code. Please set speed 4 and darkness 12 (Devices > Printers >
            {printer} > Print). The sample I had made with these values got grade A, with the
            old ones it was D.""",
            """The print head of {printer} has a row of dead points, which one sees as a white
            line in the barcode. It needs cleaning or a new head; until then I have moved the
            carrier labels to the other printer at {station}.""",
        ),
        note="Graded the sample: D before, A after.",
        praise="I did not know that one can measure that. Very competent.",
        blame="The charges of the carrier stay with us, unfortunately.",
    ),
)  # fmt: skip
