// Health check of MongoDB, run by mongosh: makes the replica set of one the first time, and is content
// once the set has a primary. Further members are added with rs.add('host:27017').
const NOT_YET_INITIALIZED = 94;
try {
	rs.status();
} catch (error) {
	if (error.code !== NOT_YET_INITIALIZED) throw error;
	rs.initiate({ _id: 'naru', members: [{ _id: 0, host: 'mongo:27017' }] });
}
if (!db.hello().isWritablePrimary) quit(1);
