import { type Progress } from '@gatehouse/core'
import { type LookLedger } from '@gatehouse/model-kit'

/** An estimate with the interval that the kit's block bootstrap gives it. */
export interface Figure {
  readonly value: number
  readonly lower?: number | undefined
  readonly upper?: number | undefined
}

/** One table: rows are models and baselines, columns are metrics. */
export interface RealDataTable {
  readonly title: string
  /** Split, rows and what an interval means, in one or two lines. */
  readonly note: string
  readonly columns: readonly string[]
  readonly rows: readonly {
    readonly name: string
    /** `ours`: the family; `baseline`: fitted here, on the same rows; `published`: the figure of research/baselines.md, beside it. */
    readonly kind: 'ours' | 'baseline' | 'published'
    /** In the order of the columns; `undefined` where it does not apply. */
    readonly figures: readonly (Figure | undefined)[]
  }[]
}

/** A figure of baselines.md that was computed again here. */
export interface Reproduction {
  readonly what: string
  readonly published: number
  readonly found: number
  /** Largest difference that counts as noise, and why. */
  readonly tolerance: number
  readonly because: string
}

export interface RealDataResult {
  readonly tables: readonly RealDataTable[]
  readonly reproductions: readonly Reproduction[]
  /** What must be said: below a baseline, too few independent rows, looks at the test part. */
  readonly findings: readonly string[]
  /** Self-contained page, as the kit's `renderEvaluationHtml` makes it. */
  readonly html?: string | undefined
}

/** A family on real data, on the splits of research/baselines.md. `npm run evaluate -- <family> --data ../shared/data` drives it. */
export interface RealDataCase {
  readonly family: string
  /** @param data folder of the data sets */
  run(options: {
    readonly data: string
    readonly seed: number
    /** Told of every judgement on test data. */
    readonly looks: LookLedger
    readonly onProgress?: ((progress: Progress) => void) | undefined
    readonly signal?: AbortSignal | undefined
  }): Promise<RealDataResult>
}
