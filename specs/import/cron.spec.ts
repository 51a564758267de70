// Goal: schedules fall due as robfig/cron v3 has it (parser.go, spec.go, constantdelay.go).

import { expect } from 'chai';
import { parseCron } from '../../src/import/chaos-mesh/cron';
import { seconds } from '../../src/values/time';

/** The times after the first one, in seconds. */
function dueWithin(text: string, window: number): readonly number[] | undefined {
  return parseCron(text)
    ?.within(seconds(window))
    .map((it) => it / 1_000_000);
}

const DAY = 86_400;

describe('a schedule', () => {
  it('with @every begins one period after it was made', () => {
    expect(parseCron('@every 5s')!.first).to.equal(seconds(5));
    expect(parseCron('@every 1m30s')!.first).to.equal(seconds(90));
    expect(parseCron('@every 10ms')!.first).to.equal(seconds(1));
    expect(dueWithin('@every 5s', 12)).to.deep.equal([0, 5, 10]);
  });

  it('of the calendar counts from its first time', () => {
    expect(parseCron('*/10 * * * *')!.first).to.equal(undefined);
    expect(dueWithin('*/10 * * * *', 1_800)).to.deep.equal([0, 600, 1_200, 1_800]);
    expect(dueWithin('5/20 * * * *', 3_600)).to.deep.equal([0, 1_200, 2_400, 3_600]);
    expect(dueWithin('@hourly', 7_200)).to.deep.equal([0, 3_600, 7_200]);
    expect(dueWithin('TZ=Europe/Berlin 30 9 * * *', DAY)).to.deep.equal([0, DAY]);
    expect(dueWithin('*/20 * * * * *', 40)).to.deep.equal([0, 20, 40]);
  });

  it('keeps uneven distances', () => {
    expect(dueWithin('0,7 3 * * *', 500)).to.deep.equal([0, 420]);
    // From Monday to Friday, and over the weekend.
    expect(dueWithin('0 9 * * mon-fri', 7 * DAY)).to.deep.equal(
      [0, 1, 2, 3, 4, 7].map((it) => it * DAY),
    );
  });

  it('with both a date and a weekday falls due on either', () => {
    // The 1st of January 2024 is a Monday; the next Wednesday is the 3rd.
    expect(dueWithin('0 0 1 * wed', 3 * DAY)).to.deep.equal([0, 2 * DAY]);
    // A star with a step restricts the day, so that both must fit.
    expect(dueWithin('0 0 * * wed', 7 * DAY)).to.deep.equal([0, 7 * DAY]);
  });

  it('is none where it is written otherwise, or never falls due', () => {
    for (const text of [
      '',
      '* * * *',
      '61 * * * *',
      '0 0 31 2 *',
      '@every',
      '@sometimes',
      '*/0 * * * *',
    ]) {
      expect(parseCron(text), text).to.equal(undefined);
    }
  });
});
