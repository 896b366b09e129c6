"""Common first names of several cultures, in lower case: what tells a person's name from two other words."""

_NAMES = """
aaron abdul abdullah abigail ada adam adele adrian agnes ahmad ahmed aisha akira alan albert alejandra
alejandro alex alexander alexandra alexis alfred ali alice alicia alina allison alma amanda amber amelia
amina amir amit amy ana anastasia anders andre andrea andreas andrew andrey angela angelina anil anita anja
ann anna anne annette anton antonio april arjun arthur arun asha ashley astrid audrey aurora austin ava
barbara beatrice ben benjamin bernard beth bettina betty beverly bill billy björn blaise bob bogdan boris
brandon brenda brian britta bruce bruno bryan camila camille carl carla carlos carmen carol caroline carolyn
catherine cecilia charles charlotte chen cheryl chiara chloe chris christian christina christine christopher
claire clara claudia clemens cristina cynthia daisuke dan daniel daniela danielle david deborah debra deepak
dennis derek diana diane diego dieter dimitri dirk dmitri dmitry dominik donald donna doris dorothy douglas
dylan eduardo edward ekaterina elaine elena eli elias elif elisa elisabeth elizabeth ella ellen elsa emil
emilia emily emma emmy enrico eric erica erik erika ernst erwin esther ethan eugene eva evelyn fatima
federico felix fernando fiona florian frances francesca francesco francis francisco frank franz frederik
friedrich fritz gabriel gabriela gary george gerald gerhard giovanni giulia gloria grace gregory greta guido
guillermo gustav günter hana hannah hans harold harry haruto hassan heather hedy heidi heinrich heinz helen
helena helga henrik henry herbert hiroshi holly hugo ian ibrahim ida igor ingrid irene irina isaac isabel
isabella ivan jack jackson jacob jacqueline jakob james jan jana jane janet janice jason javier jean jeffrey
jennifer jens jeremy jerry jesse jessica jesus jing joan joe joel johan johann johannes john jonas jonathan
jordan jorge jose josef joseph joshua josé joyce juan juana judith judy julia julian julie jun justin jürgen
karen karin karl katarina kate katharina katherine kathleen kathryn katja kayla keith kelly ken kenji
kenneth kevin khadija kim kimberly klaus kristin kumar kurt kyle lakshmi lars laura lauren laurent layla lea
leah lena leo leon leonard leonardo leonhard lily linda ling linus lisa liu logan lorenzo louis louise luca
lucas lucia lucy luis luisa lukas luke lynn madison magdalena manfred manuel marcel marco marcus margaret
maria mariam marie marina mario marion mark markus marta martha martin martina mary maryam mason mateo
mathias matteo matthew matthias max maximilian maya mei melanie melissa mia michael michel michelle miguel
mikhail mila ming miriam mohamed mohammad mohammed monica monika muhammad nadia nadja nancy naomi natalia
natalie natasha nathan nathaniel neha nia nicholas nicolas nicole niels nikita nikolai nina noah noor nora
oksana oleg olga oliver olivia omar oscar otto pablo pamela paolo patricia patrick paul paula pauline pavel
pedro peter petra philip philipp philippe pierre pooja priya rachel rafael rahul raj rajesh ralph ramon
raquel ravi raymond rebecca renate ricardo richard rita robert roberto robin roger roland roman ronald rosa
rose roy russell ruth ryan sabine said salma sam samantha samuel sandra sanjay sara sarah satoshi scott sean
sebastian sergei sergio sharon shirley silvia simon simone sofia sofya sonia sophia sophie stefan stefanie
stella stephanie stephen steve steven sunil sunita susan susanne sven svetlana takashi tamara tanja tatiana
teresa terry theo theresa thomas tim timothy tina tobias tom tomas tyler ulrich ursula uwe valentina valeria
vanessa vera veronica victor victoria vijay viktor vincent virginia vladimir walter wei wendy werner wilhelm
william wolfgang xavier xin yasmin yuki yuri yusuf yvonne zachary zainab zeynep zoe
"""

FIRST_NAMES = frozenset(_NAMES.split())
