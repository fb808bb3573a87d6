import { financeLexicon } from '@gatehouse/model-gap-ranker'
import { describe, expect, test } from 'vitest'

const score = (headline: string): number => financeLexicon.score(headline, '')

describe('the finance lexicon', () => {
  test.each(['ALFA beats estimates and raises its outlook', 'BRAV wins approval for its lead product', 'CHAR soars on takeover offer'])('likes %j', (headline) => expect(score(headline)).toBeGreaterThan(0.3)) // prettier-ignore
  test.each(['ALFA misses estimates and cuts its outlook', 'BRAV announces a dilutive offering', 'CHAR files for bankruptcy'])('dislikes %j', (headline) => expect(score(headline)).toBeLessThan(-0.3)) // prettier-ignore
  test.each(['ALFA to present at an industry conference', 'BRAV schedules its annual meeting', ''])('has no opinion of %j', (headline) => expect(score(headline)).toBe(0)) // prettier-ignore

  test('turns round after a negation', () => {
    expect(score('ALFA did not miss estimates')).toBeGreaterThan(0)
    expect(score('no growth at BRAV')).toBeLessThan(0)
  })

  test('stays within -1 and 1 and counts a body less than a headline', () => {
    const many = 'surges '.repeat(200)
    expect(score(many)).toBeLessThan(1)
    expect(financeLexicon.score('', 'ALFA surges')).toBeLessThan(score('ALFA surges'))
  })
})
