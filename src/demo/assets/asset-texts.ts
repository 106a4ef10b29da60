/** Texts of one's own assets at institutions. */
export const assetsEn = {
	assets: 'My assets',
	assetsHint: 'Your banks and cards in one place.',
	noneConnected: 'Nothing connected yet',
	connectedCount: (count: number) =>
		count === 1 ? '1 institution connected' : `${count} institutions connected`,
	runningCount: (count: number) =>
		count === 1 ? 'Connecting 1 institution…' : `Connecting ${count} institutions…`,
	refreshingCount: (count: number) =>
		count === 1 ? 'Refreshing 1 institution…' : `Refreshing ${count} institutions…`,

	have: 'You have',
	owe: (amount: string) => `and owe ${amount}`,

	progress: 'Connecting',
	progressOf: (done: number, total: number) => `${done} of ${total} done`,
	endAll: (count: number) => (count === 1 ? 'Connected.' : `All ${count} are connected.`),
	endPart: (done: number, total: number) => `${done} of ${total} are connected.`,
	endNone: 'None could be connected.',
	refreshing: 'Refreshing',
	refreshed: 'Up to date.',
	notRefreshed: (failed: number, total: number) =>
		total === 1
			? 'Could not be refreshed. What you see is from before.'
			: `${failed} of ${total} could not be refreshed. Of those you see what was before.`,
	retryFailed: (count: number) => (count === 1 ? 'Try it again' : `Try ${count} again`),

	steps: {
		authorise: 'Asking the institution',
		token: 'Getting access',
		list: 'Looking for assets',
		details: 'Fetching details',
	},
	stepWaits: 'Waits for its turn',
	stepAgain: 'Will be tried again',
	detailsOf: (done: number, total: number) => `Details: ${done} of ${total}`,

	assetCount: (count: number) => (count === 1 ? '1 asset' : `${count} assets`),
	asOf: (when: string) => `as of ${when}`,
	maintenance: 'Under maintenance',
	maintenanceUntil: (time: string) => `Under maintenance until about ${time}`,
	returning: 'Coming back step by step',
	troubled: 'Slower than usual',
	refreshFailed: 'The last refresh failed.',
	connectFailed: 'Could not be connected.',
	retry: 'Try again',
	refresh: 'Refresh',
	withdraw: 'Disconnect',
	withdrawSure: 'Delete and disconnect?',
	withdrawn: (name: string) => `${name} is disconnected, its assets are deleted.`,

	choose: 'Connect institutions',
	chooseMore: 'Connect more',
	chooseHint: 'Each of them is asked with your consent only.',
	chooseAll: 'All of them',
	consent:
		'I agree that my assets are fetched from these institutions once a week for one year. I can end that at any time.',
	connect: (count: number) => {
		if (count === 0) return 'Choose institutions';
		return count === 1 ? 'Connect 1 institution' : `Connect ${count} institutions`;
	},
	noInstitutions: 'No institutions are connected to this server.',
	unreachable: 'The list did not arrive. Try again.',

	industries: {
		bank: 'Bank',
		card: 'Card',
		securities: 'Securities',
		insurance: 'Insurance',
		'e-money': 'E-money',
		telecom: 'Telecom',
		capital: 'Capital',
	},
	types: {
		account: 'Account',
		card: 'Card',
		holding: 'Holding',
		policy: 'Policy',
		balance: 'Balance',
		plan: 'Plan',
		loan: 'Loan',
	},
	reasons: {
		MAINTENANCE: 'It is under maintenance.',
		TIMEOUT: 'It did not answer in time.',
		UNAVAILABLE: 'It is out of order.',
		UNAUTHORIZED: 'It did not accept the consent.',
		FORBIDDEN: 'It did not accept the consent.',
		TOO_LARGE: 'It has more than can be shown here.',
		LIMIT: 'Too much is under way.',
		RATE_LIMITED: 'It is asked too often at the moment.',
		BUSY: 'It is asked too often at the moment.',
		EXPIRED: 'The consent has ended.',
	} as Readonly<Record<string, string>>,
};

export const assetsKo: typeof assetsEn = {
	assets: '내 자산',
	assetsHint: '은행과 카드를 한곳에서.',
	noneConnected: '아직 연결된 기관이 없습니다',
	connectedCount: (count) => `기관 ${count}곳 연결됨`,
	runningCount: (count) => `기관 ${count}곳 연결하는 중…`,
	refreshingCount: (count) => `기관 ${count}곳 새로 고치는 중…`,

	have: '보유 자산',
	owe: (amount) => `갚을 금액 ${amount}`,

	progress: '연결하는 중',
	progressOf: (done, total) => `${total}곳 중 ${done}곳 완료`,
	endAll: (count) => `${count}곳 모두 연결되었습니다.`,
	endPart: (done, total) => `${total}곳 중 ${done}곳이 연결되었습니다.`,
	endNone: '연결된 곳이 없습니다.',
	refreshing: '새로 고치는 중',
	refreshed: '최신 상태입니다.',
	notRefreshed: (failed, total) =>
		total === 1
			? '새로 고치지 못했습니다. 이전 정보를 보여 드립니다.'
			: `${total}곳 중 ${failed}곳을 새로 고치지 못했습니다. 그곳은 이전 정보를 보여 드립니다.`,
	retryFailed: (count) => `${count}곳 다시 시도`,

	steps: {
		authorise: '기관에 확인하는 중',
		token: '접근 권한을 받는 중',
		list: '자산을 찾는 중',
		details: '상세 정보를 받는 중',
	},
	stepWaits: '차례를 기다리는 중',
	stepAgain: '잠시 뒤 다시 시도합니다',
	detailsOf: (done, total) => `상세 정보 ${total}개 중 ${done}개`,

	assetCount: (count) => `자산 ${count}개`,
	asOf: (when) => `${when} 기준`,
	maintenance: '점검 중',
	maintenanceUntil: (time) => `점검 중, ${time}쯤 끝날 예정`,
	returning: '단계적으로 복구하는 중',
	troubled: '평소보다 느림',
	refreshFailed: '마지막 새로 고침에 실패했습니다.',
	connectFailed: '연결하지 못했습니다.',
	retry: '다시 시도',
	refresh: '새로 고침',
	withdraw: '연결 끊기',
	withdrawSure: '자산을 지우고 끊을까요?',
	withdrawn: (name) => `${name} 연결을 끊고 자산을 지웠습니다.`,

	choose: '기관 연결하기',
	chooseMore: '기관 더 연결하기',
	chooseHint: '동의한 기관에만 자산을 요청합니다.',
	chooseAll: '모두 선택',
	consent:
		'선택한 기관에서 앞으로 1년 동안 매주 한 번 내 자산을 가져오는 데 동의합니다. 언제든지 그만둘 수 있습니다.',
	connect: (count) => (count === 0 ? '기관을 선택하세요' : `기관 ${count}곳 연결하기`),
	noInstitutions: '이 서버에 연결된 기관이 없습니다.',
	unreachable: '목록을 받지 못했습니다. 다시 시도해 주세요.',

	industries: {
		bank: '은행',
		card: '카드',
		securities: '증권',
		insurance: '보험',
		'e-money': '전자금융',
		telecom: '통신',
		capital: '캐피탈',
	},
	types: {
		account: '계좌',
		card: '카드',
		holding: '보유 종목',
		policy: '보험 계약',
		balance: '잔액',
		plan: '요금제',
		loan: '대출',
	},
	reasons: {
		MAINTENANCE: '기관이 점검 중입니다.',
		TIMEOUT: '기관이 제때 응답하지 않았습니다.',
		UNAVAILABLE: '기관에 장애가 있습니다.',
		UNAUTHORIZED: '기관이 동의를 받아들이지 않았습니다.',
		FORBIDDEN: '기관이 동의를 받아들이지 않았습니다.',
		TOO_LARGE: '여기에 보여 드리기에는 자산이 너무 많습니다.',
		LIMIT: '진행 중인 연결이 너무 많습니다.',
		RATE_LIMITED: '지금은 기관에 요청이 너무 많습니다.',
		BUSY: '지금은 기관에 요청이 너무 많습니다.',
		EXPIRED: '동의 기간이 끝났습니다.',
	},
};
