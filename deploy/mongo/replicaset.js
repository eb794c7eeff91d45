// Makes the three members a replica set and waits until it has a primary. Where that is done already, it changes nothing.
// `hello` needs no login, so this also works after access control is switched on.
if (!db.hello().setName) {
  rs.initiate({
    _id: "rs0",
    members: ["mongo-1", "mongo-2", "mongo-3"].map((name, _id) => ({ _id, host: `${name}:27017` })),
  });
}
while (!db.hello().primary) {
  sleep(500);
}
print(`rs0 has a primary: ${db.hello().primary}`);
