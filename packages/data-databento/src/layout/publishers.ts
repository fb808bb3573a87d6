/** A publisher: one venue as carried by one dataset. */
export interface Publisher {
  readonly publisherId: number
  /** Databento's dataset code, such as `GLBX.MDP3`. */
  readonly dataset: string
  /** Venue code (mostly the MIC), such as `XNAS`. */
  readonly venue: string
}

/** `dataset: id=venue …`, as of databento/dbn 0.54.0. Ids are added every few months, so an id that is not here is not an error. */
const table = `
GLBX.MDP3: 1=GLBX
XNAS.ITCH: 2=XNAS
XBOS.ITCH: 3=XBOS
XPSX.ITCH: 4=XPSX
BATS.PITCH: 5=BATS
BATY.PITCH: 6=BATY
EDGA.PITCH: 7=EDGA
EDGX.PITCH: 8=EDGX
XNYS.PILLAR: 9=XNYS
XCIS.PILLAR: 10=XCIS
XASE.PILLAR: 11=XASE
XCHI.PILLAR: 12=XCHI
XCIS.BBO: 13=XCIS
XCIS.TRADES: 14=XCIS
MEMX.MEMOIR: 15=MEMX
EPRL.DOM: 16=EPRL
XNAS.NLS: 17=FINN 18=FINC 47=XNAS 86=XBOS 87=XPSX
XNYS.TRADES: 19=FINY 45=XNYS 96=EQUS
OPRA.PILLAR: 20=AMXO 21=XBOX 22=XCBO 23=EMLD 24=EDGO 25=GMNI 26=XISX 27=MCRY 28=XMIO 29=ARCO 30=OPRA 31=MPRL 32=XNDQ 33=XBXO
  34=C2OX 35=XPHL 36=BATO 37=MXOP 61=SPHR 108=MXTO 109=IEXO
IEXG.TOPS: 38=IEXG
DBEQ.BASIC: 39=XCHI 40=XCIS 41=IEXG 42=EPRL 59=DBEQ
ARCX.PILLAR: 43=ARCX
XNYS.BBO: 44=XNYS
XNAS.QBBO: 46=XNAS
EQUS.PLUS: 48=XCHI 49=XCIS 50=IEXG 51=EPRL 52=XNAS 53=XNYS 54=FINN 55=FINY 56=FINC 60=EQUS
IFEU.IMPACT: 57=IFEU 84=XOFF
NDEX.IMPACT: 58=NDEX 85=XOFF
EQUS.ALL: 62=XCHI 63=XCIS 64=IEXG 65=EPRL 66=XNAS 67=XNYS 68=FINN 69=FINY 70=FINC 71=BATS 72=BATY 73=EDGA 74=EDGX 75=XBOS 76=XPSX
  77=MEMX 78=XASE 79=ARCX 80=LTSE 94=EQUS
XNAS.BASIC: 81=XNAS 82=FINN 83=FINC 88=XBOS 89=XPSX 93=EQUS
EQUS.SUMMARY: 90=EQUS
XCIS.TRADESBBO: 91=XCIS
XNYS.TRADESBBO: 92=XNYS
EQUS.MINI: 95=EQUS
IFUS.IMPACT: 97=IFUS 98=XOFF
IFLL.IMPACT: 99=IFLL 100=XOFF
XEUR.EOBI: 101=XEUR 103=XOFF
XEEE.EOBI: 102=XEEE 104=XOFF
XCBF.PITCH: 105=XCBF 106=XOFF
OCEA.MEMOIR: 107=OCEA
MAIN.CGIF: 110=MAIN 142=DEF
EQUS.SIP: 111=XASE 112=XBOS 113=XCIS 114=TXSE 115=24EQ 116=EPRL 117=XISX 118=EDGA 119=EDGX 120=LTSE 121=XCHI 122=XNYS 123=ARCX
  124=XNAS 125=MEMX 126=IEXG 127=XPSX 128=BATY 129=BATS 130=FINN 131=FINY 132=FINC 133=XADF 134=CTA 135=UTP
MSCI.CGIF: 136=MSCI
FTSE.CGIF: 137=FTSE
INAV.CGIF: 138=INAV
MSTAR.CGIF: 139=MSTAR
CCCY.CGIF: 140=CCCY
CGI.CGIF: 141=CGI
XTKS.FLEX: 143=XTKS
XTKT.ITCH: 144=XTKT
XOSE.ITCH: 145=XOSE
`

/** All known publishers, by publisher id. */
export const publishers: ReadonlyMap<number, Publisher> = parse()

/** The publishers of one dataset, or none when the dataset is not known. */
export function publishersOf(dataset: string): readonly Publisher[] {
  return [...publishers.values()].filter((publisher) => publisher.dataset === dataset)
}

function parse(): Map<number, Publisher> {
  const found: Publisher[] = []
  let dataset = ''
  for (const word of table.trim().split(/\s+/)) {
    if (word.endsWith(':')) dataset = word.slice(0, -1)
    else {
      const [id = '', venue = ''] = word.split('=')
      found.push({ publisherId: Number(id), dataset, venue })
    }
  }
  return new Map(found.sort((a, b) => a.publisherId - b.publisherId).map((publisher) => [publisher.publisherId, publisher]))
}
