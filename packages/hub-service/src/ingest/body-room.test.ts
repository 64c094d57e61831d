import { BodyRoom } from './body-room.js';

describe('room for bodies', () => {
  it('has an end for one person, by number and by bytes, and for all', () => {
    const room = new BodyRoom({ bytes: 100, bodiesEach: 3, bytesEach: 60 });
    expect(room.enter('mallory', 50)).not.toBeNull();
    expect(room.enter('mallory', 11)).toBeNull();
    expect(room.enter('mallory', 1)).not.toBeNull();
    expect(room.enter('mallory', 1)).not.toBeNull();
    expect(room.enter('mallory', 1)).toBeNull();
    expect(room.enter('alice', 48)).not.toBeNull();
    expect(room.enter('bob', 1)).toBeNull();
  });

  it('is given back once, and all of it', () => {
    const room = new BodyRoom({ bytes: 100, bodiesEach: 2, bytesEach: 60 });
    for (let round = 0; round < 5; round++) {
      const [one, two] = [room.enter('alice', 30), room.enter('alice', 30)];
      expect(room.enter('alice', 0)).toBeNull();
      one?.();
      one?.();
      expect(room.enter('alice', 31)).toBeNull();
      two?.();
    }
    expect(room.enter('alice', 60)).not.toBeNull();
    expect(room.enter('bob', 40)).not.toBeNull();
  });
});
